import type { IncomingMessage } from 'node:http';
import type { Logger } from '../core/logger.js';
import type { ServerReport } from '../monitor/server-report.js';
import type { LeakWarning, PoolMetrics, QueryPerformance, SlowQuery } from '../monitor/reports.js';
import { mayShowSql } from './access.js';
import type { Authorize } from './access.js';
import type { Handler } from './handlers.js';
import { answering } from './json-answer.js';
import type { Answer, Answers } from './json-answer.js';
import { queryParameters } from './query-parameters.js';
import type { QueryParameters } from './query-parameters.js';
import { problemAnswer } from './route-problem.js';
import { shared } from './shared-answer.js';
import { SparingLog } from './sparing-log.js';

export interface MetricsSource {
  /** Where it is false, there is nothing to report but the state of the pool. */
  readonly isMonitored: boolean;
  poolMetrics(): PoolMetrics;
  queries(options: QueryParameters): QueryPerformance[];
  /** The server's own view, without SQL. It has a time-out of its own. */
  server?(): Promise<ServerReport>;
  /** In the text format 0.0.4. */
  prometheus(): string | Promise<string>;
}

export interface MetricsOptions {
  /**
   * Decides, in place of the rule that the request has to come from this machine, who may see SQL: an admin of yours, say.
   * It is asked for every such request. It denies where it throws, rejects, or has not answered after 5 s.
   */
  authorize?: Authorize | undefined;
  /** Gets a warning for each kind of failure, once a minute at the most. */
  logger?: Logger | undefined;
}

/** `GET /metrics/database` for those who may not see SQL. */
export interface RedactedPoolMetrics extends Omit<PoolMetrics, 'slow_queries' | 'leak_warnings'> {
  readonly slow_queries: readonly Omit<SlowQuery, 'statement' | 'plan'>[];
  readonly leak_warnings: readonly Omit<LeakWarning, 'stack' | 'borrowed_at'>[];
  /** SQL, plans and places in the application's source are left out. */
  readonly redacted: true;
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';
/** Whoever asks, and however often, the server is asked no more often than this. */
const SERVER_REPORT_KEPT_MS = 5000;

/**
 * `/metrics` (Prometheus), `/metrics/database`, `/metrics/queries` and `/metrics/server`. SQL, plans and stacks are shown
 * as `authorize` says, else to requests from this machine only: see `isLocal`.
 */
export function metricsRouter(source: MetricsSource, options: MetricsOptions = {}): Handler {
  const log = new SparingLog(options.logger);
  return answering(metricsAnswers(source, options.authorize, log), log);
}

export function metricsAnswers(source: MetricsSource, authorize: Authorize | undefined, log: SparingLog): Answers {
  const maySee = (req: IncomingMessage) => mayShowSql(req, authorize, log);
  const server = shared(async () => source.server?.(), SERVER_REPORT_KEPT_MS);
  const whileOn =
    (answer: Answers[string]): Answers[string] =>
    (req) =>
      source.isMonitored ? answer(req) : problemAnswer(req, 'MONITORING_OFF');
  return {
    '/metrics': whileOn(async () => ({ status: 200, body: await source.prometheus(), type: PROMETHEUS_TEXT })),
    '/metrics/database': async (req) => {
      const isShown = await maySee(req);
      const metrics = source.poolMetrics();
      return { status: 200, body: isShown ? metrics : redacted(metrics) };
    },
    '/metrics/queries': whileOn(async (req) =>
      (await maySee(req)) ? queries(source, req) : problemAnswer(req, 'SQL_HIDDEN'),
    ),
    '/metrics/server': whileOn(async (req) => {
      try {
        const body = await server();
        return body === undefined ? problemAnswer(req, 'MONITORING_OFF') : { status: 200, body };
      } catch (error) {
        log.warn('The database server could not be asked for its own view', error);
        return problemAnswer(req, 'SERVER_REPORT_UNAVAILABLE');
      }
    }),
  };
}

function queries(source: MetricsSource, req: IncomingMessage): Answer {
  const parameters = queryParameters(req.url ?? '');
  if (!Array.isArray(parameters)) return { status: 200, body: { queries: source.queries(parameters) } };
  const told = parameters.map(
    ({ parameter, received, accepted }) => `${parameter}: received ${received}; accepted: ${accepted}.`,
  );
  return problemAnswer(req, 'BAD_PARAMETER', { detail: told.join(' '), errors: parameters });
}

function redacted(metrics: PoolMetrics): RedactedPoolMetrics {
  return {
    ...metrics,
    slow_queries: metrics.slow_queries.map(({ statement: _statement, plan: _plan, ...rest }) => rest),
    leak_warnings: metrics.leak_warnings.map(({ stack: _stack, borrowed_at: _at, ...rest }) => rest),
    redacted: true,
  };
}
