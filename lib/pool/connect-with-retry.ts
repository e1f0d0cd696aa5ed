import pRetry from 'p-retry';
import { callback, findProblem, integer, objectWith } from '../core/options.js';
import type { Rules } from '../core/options.js';
import { classify } from '../errors/classify.js';
import { CancelledError, ConfigurationError, ConnectionLostError, describeCause } from '../errors/errors.js';
import { fullJitter } from '../policy/backoff.js';
import { sleep } from '../policy/sleep.js';
import type { ResilientPoolOptions } from './options/index.js';
import { ResilientPool } from './resilient-pool.js';

export interface ConnectRetryOptions {
  /** How often to try at most. Default 10, from 1 to 1,000,000. */
  attempts?: number;
  /** All attempts and pauses together, in milliseconds. Default 60,000, from 1 to 2,147,483,647. */
  maxTotalMs?: number;
  /** The ceiling of the first pause, in milliseconds; it doubles each time, and each pause is random below it. Default 100. */
  minDelayMs?: number;
  /** The ceiling of every pause, in milliseconds. Default 5,000. */
  maxDelayMs?: number;
  /** Gives up when aborted. */
  signal?: AbortSignal;
  /** Told of every failed attempt that is followed by another. What it throws ends the whole. */
  onRetry?: (failure: { attempt: number; delayMs: number; error: Error }) => void;
}

const longestMs = 2 ** 31 - 1;

const rules: Rules<ConnectRetryOptions> = {
  attempts: integer(1, 1_000_000),
  maxTotalMs: integer(1, longestMs, 'milliseconds'),
  minDelayMs: integer(0, longestMs, 'milliseconds'),
  maxDelayMs: integer(0, longestMs, 'milliseconds'),
  signal: objectWith('addEventListener', 'throwIfAborted'),
  onRetry: callback,
};

/**
 * Makes a pool and resolves with it once it has a connection. Between attempts it waits with exponential back-off
 * and full jitter. What no waiting mends (a wrong password, an unknown database, TLS that does not fit) fails at once.
 * Where it fails, the pool is closed.
 *
 * @throws ConfigurationError an option is impossible, or the server refused for good; the message says what to change
 * @throws ConnectionLostError no attempt succeeded in `attempts` and `maxTotalMs`; `cause` is the last one's error
 * @throws CancelledError `signal` was aborted
 */
export async function connectWithRetry(
  config: ResilientPoolOptions = {},
  options: ConnectRetryOptions = {},
): Promise<ResilientPool> {
  const problem = findProblem(rules, options);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  const { attempts = 10, maxTotalMs = 60_000, minDelayMs = 100, maxDelayMs = 5_000, signal, onRetry } = options;
  const pool = new ResilientPool(config);
  // Each attempt is to reach the server, and the pool is to be of use at once when one has.
  const { mode } = pool.circuit;
  pool.circuit.mode = 'off';
  const outOfTime = new AbortController();
  const timer = setTimeout(() => outOfTime.abort(), maxTotalMs);
  const stop = signal === undefined ? outOfTime.signal : AbortSignal.any([outOfTime.signal, signal]);
  let tried = 0;
  let last: Error | undefined;
  try {
    await pRetry(
      async (attempt) => {
        tried = attempt;
        await connectOnce(pool, stop);
      },
      {
        retries: attempts - 1,
        // Our own pause, in shouldRetry: p-retry has no full jitter and is not to see the signal, since it
        // rejects even an attempt that succeeded where the signal was aborted meanwhile.
        minTimeout: 0,
        shouldRetry: async ({ error, attemptNumber, retriesLeft }) => {
          if (stop.aborted) return false;
          last = error;
          if (classify(error, 'connect').hopeless || retriesLeft === 0) return false;
          const delayMs = fullJitter(attemptNumber, minDelayMs, maxDelayMs);
          onRetry?.({ attempt: attemptNumber, delayMs, error });
          await sleep(delayMs, stop);
          return true;
        },
      },
    );
    pool.circuit.mode = mode;
    return pool;
  } catch (error) {
    const late = outOfTime.signal.aborted;
    const cause = late ? (last ?? pool.lastConnectError) : error;
    await pool.end();
    if (signal?.aborted === true) {
      throw new CancelledError('Connecting was given up: the signal was aborted', {
        outcome: 'not-executed',
        cause: signal.reason,
      });
    }
    throw explain(cause, tried, late ? `${String(maxTotalMs)} ms` : undefined);
  } finally {
    clearTimeout(timer);
  }
}

async function connectOnce(pool: ResilientPool, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  const connecting = pool.connect();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(stop.reason as Error);
    stop.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const client = await Promise.race([connecting, aborted]);
    client.release();
  } catch (error) {
    // A client that comes too late goes back to the pool, which is about to be closed.
    if (stop.aborted) connecting.then((late) => late.release(), ignore);
    throw error;
  } finally {
    if (onAbort !== undefined) stop.removeEventListener('abort', onAbort);
  }
}

function ignore(): void {}

function explain(cause: unknown, tried: number, outOfTime: string | undefined): unknown {
  if (cause !== undefined && !(cause instanceof Error)) return cause;
  if (cause !== undefined) {
    const { hopeless, advice, kind } = classify(cause, 'connect');
    if (cause instanceof ConfigurationError) return cause;
    if (hopeless) {
      return new ConfigurationError(
        optionFor[kind] ?? 'connectionString',
        `The database refused the connection for good: ${describeCause(cause)}. ${advice ?? ''}`.trim(),
        cause,
      );
    }
  }
  const attempts = `${String(tried)} attempt${tried === 1 ? '' : 's'}`;
  return new ConnectionLostError(
    `No connection to the database in ${attempts}${outOfTime === undefined ? '' : ` within ${outOfTime}`}` +
      (cause === undefined ? '; the server did not answer' : `; the last one failed: ${describeCause(cause)}`),
    { outcome: 'not-executed', cause },
  );
}

const optionFor: Partial<Record<string, string>> = {
  authentication: 'password',
  'unknown-database': 'database',
  tls: 'ssl',
};
