import {
  callback,
  either,
  explained,
  findProblem,
  integer,
  isPlainObject,
  objectWith,
  oneOf,
  show,
  text,
} from '../core/options.js';
import type { Rules } from '../core/options.js';
import type { Logger } from '../core/logger.js';
import { silentLogger } from '../core/logger.js';
import { ConfigurationError, ConnectionLostError } from '../errors/errors.js';
import { Circuit } from '../policy/circuit/circuit.js';
import type { CircuitChange } from '../policy/circuit/change.js';
import { trialDefaults } from '../policy/circuit/trials.js';
import { signOf } from '../policy/circuit/sign.js';
import { resolveCircuit } from './options/circuit.js';
import type { CircuitOptions } from './options/circuit.js';
import { logChange, logThrown } from './circuit-log.js';
import { isSubmittable } from './submission.js';
import type { PgQueryable, Queryable, TimedPg, TimedQueryable } from './with-timeout.js';

/** Options of `CircuitBreakerDb`: those of `circuit`, and how it finds out whether the database is back. */
export interface CircuitBreakerDbOptions extends Omit<CircuitOptions, 'rampMs' | 'timeoutsInARow'> {
  /** Names the circuit in errors, events and logs. 1 to 63 characters. Default: `database`. */
  name?: string | undefined;
  /**
   * Asks the database for a sign of life, on a connection of its own; rejects where there is none. To end when the signal is
   * aborted. `false`, and the default: callers are let through to try.
   */
  probe?: ((signal: AbortSignal) => Promise<unknown>) | false | undefined;
  /** Without `probe`: milliseconds that it stays open before callers may try; doubled, up to 16000, where they fail. 1 to 3600000. Default: 1000. */
  openMs?: number | undefined;
  /** Without `probe`: callers who may try at a time, and how many of them must succeed in a row. 1 to 100. Default: 2. */
  trials?: number | undefined;
  /** Without `probe`: milliseconds after which one who tries has failed. 1 to 3600000. Default: 2000. */
  trialTimeoutMs?: number | undefined;
  /** Gets a line for each change. Default: nothing is logged. */
  logger?: Logger | undefined;
}

type OwnOptions = Pick<CircuitBreakerDbOptions, 'name' | 'probe' | 'openMs' | 'trials' | 'trialTimeoutMs' | 'logger'>;

const rules: Rules<OwnOptions> = {
  name: text(1, 63),
  probe: either(explained(oneOf(false), 'false'), explained(callback, 'a function (signal) => promise')),
  openMs: integer(1, 3_600_000, 'milliseconds'),
  trials: integer(1, 100),
  trialTimeoutMs: integer(1, 3_600_000, 'milliseconds'),
  logger: objectWith('debug', 'info', 'warn', 'error'),
};

type Wrapped<Q extends Queryable> = Q extends PgQueryable ? TimedPg : TimedQueryable<Q>;

/**
 * A circuit breaker around anything with a `query` method: a `pg.Pool`, a wrapper around one. A ResilientPool has one
 * already, `pool.circuit`.
 *
 * It opens where the database is unreachable or ill: after failures in a row, or where most calls fail. A mistake in a
 * statement, a constraint, a caller who gives up, do not count; time-outs do, unless there is a `probe`, which tells.
 *
 * @throws ConfigurationError for an option that is unknown or impossible, or something without `query`
 */
export class CircuitBreakerDb<Q extends Queryable> extends Circuit {
  readonly #queryable: Q;

  constructor(queryable: Q, options: CircuitBreakerDbOptions = {}) {
    if (typeof (queryable as Partial<Queryable> | null)?.query !== 'function') {
      const received = queryable === null ? 'null' : typeof queryable;
      const message = `CircuitBreakerDb: received ${received}; expected something with a query method`;
      throw new ConfigurationError('queryable', message);
    }
    checkObject(options);
    const { name, probe, openMs, trials, trialTimeoutMs, logger, ...settings } = options;
    const own = { name, probe, openMs, trials, trialTimeoutMs, logger };
    const problem = findProblem(rules, own);
    if (problem !== undefined) throw new ConfigurationError(problem.option, `CircuitBreakerDb: ${problem.message}`);
    for (const name of ['rampMs', 'timeoutsInARow']) {
      if (!(name in settings)) continue;
      throw new ConfigurationError(name, `CircuitBreakerDb: Option "${name}" is for the circuit of a ResilientPool`);
    }
    const resolved = resolveCircuit(settings);
    const log = logger ?? silentLogger;
    super({
      name: name ?? 'database',
      settings: resolved,
      probe: probe === false || probe === undefined ? undefined : asProbe(probe),
      probeTimes: resolved.probes,
      trials: {
        openMs: openMs ?? trialDefaults.openMs,
        permits: trials ?? trialDefaults.permits,
        timeoutMs: trialTimeoutMs ?? trialDefaults.timeoutMs,
      },
      onThrown: (error) => logThrown(log, name ?? 'database', error),
    });
    this.#queryable = queryable;
    this.on('stateChange', (change: CircuitChange) => logChange(log, change));
  }

  /**
   * Runs a statement where the circuit is closed.
   *
   * @throws CircuitOpenError where it is not; nothing is sent then
   * @throws ConfigurationError for a cursor, stream or COPY, which tells its end to its own listeners, and for a callback,
   * which would be told what no promise is
   */
  readonly query = ((config: unknown, values?: unknown[], callback?: unknown) => {
    if (isSubmittable(config)) {
      const message = 'CircuitBreakerDb.query: received a Submittable; expected a text or a config object';
      return Promise.reject(new ConfigurationError('query', message));
    }
    if (typeof values === 'function' || typeof callback === 'function') {
      const message = 'CircuitBreakerDb.query: received a callback; expected none, since it returns a promise';
      return Promise.reject(new ConfigurationError('query', message));
    }
    return this.execute(() => this.#queryable.query(config as string, values));
  }) as Wrapped<Q>['query'];

  /** Ends its timers and probes. What is asked of it later goes through. */
  close(): void {
    this.shutdown();
  }
}

/** Whatever it rejects with means that there is no sign of life, but for what the database itself says. */
function asProbe(probe: (signal: AbortSignal) => Promise<unknown>) {
  return async (signal: AbortSignal): Promise<void> => {
    try {
      await probe(signal);
    } catch (error) {
      if (signOf(error, 'connect') !== 'nothing') throw error;
      throw new ConnectionLostError('The probe failed', { outcome: 'not-executed' });
    }
  };
}

function checkObject(options: unknown): void {
  if (isPlainObject(options)) return;
  throw new ConfigurationError('options', `CircuitBreakerDb: received ${show(options)}; expected an object`);
}
