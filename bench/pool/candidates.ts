import {
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import pTimeout from 'p-timeout';
import pg from 'pg';
import { createResilience, ResilientPool } from '../../lib/index.js';
import type { ResilientPoolOptions } from '../../lib/index.js';
import { transactByHand } from './by-hand.js';
import type { CandidateName } from './names.js';
import { transfer } from './transfer.js';

export interface Candidate {
  readonly query: (text: string, values: unknown[]) => Promise<unknown>;
  /** The n-th transaction. */
  readonly transfer?: (n: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

export const poolSize = 10;
const timeoutMs = 30_000;
const retries = 2;

/** A pool of `poolSize` connections, with its own defaults where the candidate leaves a choice. */
export const candidateOf: Record<CandidateName, (connectionString: string) => Candidate> = {
  bare,
  'bare again': bare,
  ours: (connectionString) => ours({ connectionString, verifyCommit: false }),
  verified: (connectionString) => ours({ connectionString, verifyCommit: true }),
  'hand-made': handMade,
  cockatiel,
  unwatched,
  'unwatched again': unwatched,
  watched: (connectionString) => ours({ connectionString }),
  'watched, metrics': withMetrics,
};

function bare(connectionString: string): Candidate {
  const pool = new pg.Pool({ connectionString, max: poolSize });
  return {
    query: (text, values) => pool.query(text, values),
    transfer: (n) => transactByHand(pool, (client) => transfer(client, n)),
    end: () => pool.end(),
  };
}

function unwatched(connectionString: string): Candidate {
  return ours({ connectionString, monitor: false });
}

/** Everything that an application has whose metrics are scraped, the health that is asked for among it. */
function withMetrics(connectionString: string): Candidate {
  const resilience = createResilience({ connectionString, max: poolSize });
  resilience.prometheus();
  return { query: (text, values) => resilience.db.query(text, values), end: () => resilience.close() };
}

function ours(options: ResilientPoolOptions): Candidate {
  const pool = new ResilientPool({ ...options, max: poolSize });
  return {
    query: (text, values) => pool.query(text, values),
    transfer: (n) => pool.transaction((tx) => transfer(tx, n)),
    end: () => pool.end(),
  };
}

/** The deadline around the retries, the retries around the circuit breaker. */
function handMade(connectionString: string): Candidate {
  const pool = new pg.Pool({ connectionString, max: poolSize });
  const breaker = new CircuitBreaker((text: string, values: unknown[]) => pool.query(text, values), {
    timeout: false, // p-timeout's task
  });
  return {
    query: (text, values) =>
      pTimeout(
        pRetry(() => breaker.fire(text, values), { retries }),
        { milliseconds: timeoutMs },
      ),
    end: async () => {
      breaker.shutdown();
      await pool.end();
    },
  };
}

function cockatiel(connectionString: string): Candidate {
  const pool = new pg.Pool({ connectionString, max: poolSize });
  const policy = wrap(
    timeout(timeoutMs, TimeoutStrategy.Aggressive),
    retry(handleAll, { maxAttempts: retries, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
  );
  return { query: (text, values) => policy.execute(() => pool.query(text, values)), end: () => pool.end() };
}
