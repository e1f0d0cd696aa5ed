import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import pTimeout, { TimeoutError } from 'p-timeout';
import { deadlineMs } from '../names.js';
import { answerWith } from './answer.js';
import { makePool } from './bare-pool.js';
import type { MakeStack } from './stack.js';
import { isTransient } from './transient.js';

/** The deadline around the retries, the retries around the circuit breaker. */
export const makeStack: MakeStack = (connectionString) => {
  const pool = makePool(connectionString);
  const breaker = new CircuitBreaker((work: () => Promise<unknown>) => work(), {
    timeout: false, // the deadline around it all is p-timeout's
    errorThresholdPercentage: 50,
    volumeThreshold: 20,
    rollingCountTimeout: 10_000,
    resetTimeout: 1000,
    errorFilter: (error: unknown) => !isTransient(error),
  });
  return {
    pool,
    db: () => pool,
    protect: <T>(work: () => Promise<T>, kind: 'reads' | 'writes') => {
      const attempt = () => breaker.fire(work) as Promise<T>;
      const attempts =
        kind === 'writes'
          ? attempt()
          : pRetry(attempt, {
              retries: 2,
              minTimeout: 50,
              maxRetryTime: deadlineMs,
              shouldRetry: ({ error }) => breaker.closed && isTransient(error),
            });
      return pTimeout(attempts, { milliseconds: deadlineMs });
    },
    errorHandler: answerWith((error) => (error instanceof TimeoutError ? 504 : 503)),
  };
};
