import {
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  SamplingBreaker,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { deadlineMs } from '../names.js';
import { answerWith } from './answer.js';
import { makePool } from './bare-pool.js';
import type { MakeStack } from './stack.js';
import { isTransient } from './transient.js';

/** The deadline around the retries, the retries around the circuit breaker. */
export const makeStack: MakeStack = (connectionString) => {
  const pool = makePool(connectionString);
  const deadline = timeout(deadlineMs, TimeoutStrategy.Aggressive);
  const breaker = circuitBreaker(handleWhen(isTransient), {
    halfOpenAfter: 1000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
  });
  const retries = retry(handleWhen(isTransient), {
    maxAttempts: 2,
    backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1000 }),
  });
  const forReads = wrap(deadline, retries, breaker);
  const forWrites = wrap(deadline, breaker);
  return {
    pool,
    db: () => pool,
    protect: (work, kind) => (kind === 'writes' ? forWrites : forReads).execute(work),
    errorHandler: answerWith((error) => (error instanceof TaskCancelledError ? 504 : 503)),
  };
};
