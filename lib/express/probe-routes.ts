import type { Resilience } from '../compose/create-resilience.js';
import type { Handler } from './handlers.js';
import { answering } from './json-answer.js';
import type { Answers } from './json-answer.js';
import { SparingLog } from './sparing-log.js';

export type ProbeSource = Pick<Resilience, 'unreadyReason'>;

/** `/livez` and `/readyz`, for the probes of a load balancer or Kubernetes. */
export function probeRoutes(source: ProbeSource): Handler {
  return answering(probeAnswers(source), new SparingLog());
}

export function probeAnswers(source: ProbeSource): Answers {
  return {
    // Says nothing of the database: a restart of this process would not mend that.
    '/livez': () => ({ status: 200, body: { status: 'ok' } }),
    '/readyz': () => {
      const reason = source.unreadyReason;
      if (reason === undefined) return { status: 200, body: { status: 'ready' } };
      return { status: 503, body: { status: 'not_ready', reason } };
    },
  };
}
