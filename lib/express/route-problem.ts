import type { IncomingMessage } from 'node:http';
import type { Answer } from './json-answer.js';
import { requestId } from './request-id.js';

/** What is wrong with one parameter of a query. */
export interface ParameterError {
  readonly parameter: string;
  /** Cut short, and without what could be a credential. */
  readonly received: string;
  readonly accepted: string;
}

export type RouteProblemCode =
  'BAD_PARAMETER' | 'INTERNAL' | 'MONITORING_OFF' | 'SERVER_REPORT_UNAVAILABLE' | 'SQL_HIDDEN';

/** What the monitoring routes answer in place of a report, RFC 9457. */
export interface RouteProblem {
  /** A name, not an address. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RouteProblemCode;
  /** The id of the request, where it has one. */
  readonly instance?: string;
  readonly errors?: readonly ParameterError[];
}

interface Text {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

const texts: Readonly<Record<RouteProblemCode, Text>> = {
  BAD_PARAMETER: { status: 400, title: 'Wrong parameter', detail: '' },
  SQL_HIDDEN: {
    status: 403,
    title: 'SQL is not shown here',
    detail:
      'This route shows SQL, and answers only to a request from the same machine: a loopback socket, a Host of ' +
      'localhost, 127.0.0.1 or [::1], and no proxy in between. The option "authorize" of the routes decides otherwise.',
  },
  MONITORING_OFF: {
    status: 404,
    title: 'Monitoring is off',
    detail: 'Monitoring of this database is switched off, so there is nothing to report.',
  },
  INTERNAL: { status: 500, title: 'The report failed', detail: 'The report could not be made; the log tells more.' },
  SERVER_REPORT_UNAVAILABLE: {
    status: 503,
    title: 'No report of the server',
    detail: 'The database server could not be asked for its own view; the log tells more.',
  },
};

export function problemAnswer(
  req: IncomingMessage,
  code: RouteProblemCode,
  more: Partial<Pick<RouteProblem, 'detail' | 'errors'>> = {},
): Answer {
  const { status, title, detail } = texts[code];
  const instance = requestId(req);
  const type = `urn:express-db-resilience:${code.toLowerCase().replaceAll('_', '-')}`;
  const body: RouteProblem = { type, title, status, detail, code, ...(instance && { instance }), ...more };
  return { status, body, type: 'application/problem+json' };
}
