import type { Logger } from '../core/logger.js';
import type { HealthReport } from '../health/health-report.js';
import type { Handler } from './handlers.js';
import { answering } from './json-answer.js';
import type { Answers } from './json-answer.js';
import { probeAnswers } from './probe-routes.js';
import type { ProbeSource } from './probe-routes.js';
import { SparingLog } from './sparing-log.js';

export interface HealthSource extends ProbeSource {
  /** From memory: it is called for every request. */
  health(): HealthReport;
}

/** `GET /health`, in short. */
export type HealthSummary = Pick<HealthReport, 'status' | 'circuit' | 'checked_at' | 'age_ms' | 'stale'>;

/**
 * `/health` (in short) and `/health/database` (the whole report), which answer 503 where it is unhealthy and 200
 * otherwise, `/livez` and `/readyz`. None of them asks the database.
 */
export function healthRouter(source: HealthSource, options: { logger?: Logger | undefined } = {}): Handler {
  return answering(healthAnswers(source), new SparingLog(options.logger));
}

export function healthAnswers(source: HealthSource): Answers {
  return {
    ...probeAnswers(source),
    '/health': () => {
      const { status, circuit, checked_at, age_ms, stale } = source.health();
      const body: HealthSummary = { status, circuit, checked_at, age_ms, stale };
      return { status: httpStatus(status), body };
    },
    '/health/database': () => {
      const body = source.health();
      return { status: httpStatus(body.status), body };
    },
  };
}

function httpStatus(status: HealthReport['status']): number {
  return status === 'unhealthy' ? 503 : 200;
}
