import pg from 'pg';
import { findProblem, show } from '../../core/options.js';
import { silentLogger } from '../../core/logger.js';
import type { Logger } from '../../core/logger.js';
import { ConfigurationError } from '../../errors/errors.js';
import { Environment } from './environment.js';
import type { ClientClass } from '../guarded-client.js';
import { serverBackstops } from './client-config.js';
import { hide, resolveConnection } from './connection.js';
import { resolveCircuit } from './circuit.js';
import type { ResolvedCircuitOptions } from './circuit.js';
import { resolveMonitor } from './monitor.js';
import { resolveRetry } from './retry.js';
import { poolRules, refusedRules } from './rules.js';
import type { ResilientPoolOptions, ResolvedPoolOptions } from './types.js';

/**
 * The configuration of a pool: from the code, then from the environment, then the defaults. Nothing that is passed in
 * is changed, and nothing is clamped. `env` stands for the environment in what this package reads; the PG* variables
 * are only checked, since pg itself takes them from the process when it connects.
 *
 * @throws ConfigurationError for the first option or variable that is unknown, impossible or contradicts another.
 */
export function resolvePoolOptions(
  options: ResilientPoolOptions = {},
  env: NodeJS.ProcessEnv = process.env,
  logger: Logger = silentLogger,
): ResolvedPoolOptions {
  check(options);
  const environment = new Environment(env);
  const connection = resolveConnection(options, environment);
  const max = options.max ?? environment.max() ?? 20;
  const { acquireTimeoutMs: wait, connectionTimeoutMillis, queryTimeoutMs: limit, query_timeout } = options;
  const acquireTimeoutMs =
    oneOfTwo('acquireTimeoutMs', wait, 'connectionTimeoutMillis', connectionTimeoutMillis) ??
    environment.acquireTimeoutMs() ??
    30_000;
  const queryTimeout = oneOfTwo('queryTimeoutMs', limit, 'query_timeout', query_timeout) ?? connection.queryTimeoutMs;
  const queryTimeoutMs = queryTimeout === 0 ? false : (queryTimeout ?? 30_000);
  const cancelGraceMs = options.cancelGraceMs ?? 2000;
  const mode = options.mode ?? 'enforce';
  const serverTimeouts = options.serverTimeouts ?? mode === 'enforce';
  const readReplicaUrls = Object.freeze(environment.readReplicaUrls());

  const resolved = {
    name: options.name ?? 'primary',
    mode,
    byHand: Object.freeze({
      acquireTimeout: connectionTimeoutMillis !== undefined,
      queryTimeout: query_timeout !== undefined || (limit === undefined && connection.queryTimeoutMs !== undefined),
    }),
    max,
    min: minimum(options, environment, max),
    acquireTimeoutMs,
    queryTimeoutMs,
    cancelGraceMs,
    cancelOnDisconnect: options.cancelOnDisconnect ?? ('reads' as const),
    retry: resolveRetry(options.retry),
    circuit: observed(mode, resolveCircuit(options.circuit)),
    verifyCommit: options.verifyCommit ?? true,
    pingAfterIdleMs: options.pingAfterIdleMs ?? 1000,
    pingTimeoutMs: pingTimeout(options, acquireTimeoutMs),
    resetOnRelease: options.resetOnRelease ?? false,
    serverTimeouts,
    drainTimeoutMs: options.drainTimeoutMs ?? 30_000,
    idleTimeoutMs: options.idleTimeoutMillis === null ? 0 : (options.idleTimeoutMillis ?? 10_000),
    maxLifetimeMs: Math.ceil((options.maxLifetimeSeconds ?? 1800) * 1000),
    maxUses: options.maxUses ?? Infinity,
    allowExitOnIdle: options.allowExitOnIdle ?? false,
    onConnect: options.onConnect,
    verify: options.verify,
    log: options.log ?? (() => {}),
    logger: options.logger ?? logger,
    Client: (options.Client ?? pg.Client) as ClientClass,
    monitor: resolveMonitor(options.monitor, environment),
    backstops: Object.freeze(
      serverTimeouts ? serverBackstops(connection.config, environment, queryTimeoutMs, cancelGraceMs) : {},
    ),
    pg: connection.config,
  };
  hide(resolved, 'readReplicaUrls', () => readReplicaUrls);
  return Object.freeze(resolved) as typeof resolved & Pick<ResolvedPoolOptions, 'readReplicaUrls'>;
}

function observed(mode: 'enforce' | 'observe', circuit: ResolvedCircuitOptions): ResolvedCircuitOptions {
  return mode === 'observe' && circuit.mode === 'on' ? Object.freeze({ ...circuit, mode: 'metrics-only' }) : circuit;
}

/** Every name of an option, those that are refused among them. */
export const rules = { ...poolRules, ...refusedRules };

/** What an unknown option may have been meant for. */
export const unknownOptionHint = 'Anything else for the Client of pg goes into pg: {}';

function check(options: unknown): void {
  if (typeof options === 'string') {
    const message = 'Options: received a string; expected an object, with a connection string as { connectionString }';
    throw new ConfigurationError('options', message);
  }
  const problem = findProblem(rules, options, unknownOptionHint) ?? misplaced((options as ResilientPoolOptions).pg);
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
}

/** The values in `pg: {}` are not read, but they must not get around the checks, the time-outs or DATABASE_URL's place. */
function misplaced(extras: unknown): { option: string; message: string } | undefined {
  const name = Object.keys(extras ?? {}).find((key) => Object.hasOwn(rules, key));
  if (name === undefined) return undefined;
  const refusal = refusedRules[name]?.refusal;
  const message =
    refusal === undefined ? 'is an option of its own; give it beside pg: {}' : `is not supported: ${refusal}`;
  return { option: `pg.${name}`, message: `Option "pg.${name}" ${message}` };
}

function oneOfTwo<T extends number | false>(ours: string, a: T | undefined, theirs: string, b: T | undefined) {
  if (a !== undefined && b !== undefined && (a || 0) !== (b || 0)) {
    throw new ConfigurationError(
      theirs,
      `Option "${theirs}": received ${show(b)}, but ${ours}, which means the same, is ${show(a)}; give one of the two`,
    );
  }
  return a ?? b;
}

function minimum(options: ResilientPoolOptions, environment: Environment, max: number): number {
  const min = options.min ?? environment.min();
  if (min === undefined) return Math.min(2, max);
  if (min > max) {
    const name = options.min === undefined ? 'DB_MIN_CONNECTIONS' : 'min';
    throw new ConfigurationError(
      name,
      `${name}: received ${String(min)}; expected at most max, which is ${String(max)}`,
    );
  }
  return min;
}

function pingTimeout({ pingTimeoutMs }: ResilientPoolOptions, acquireTimeoutMs: number): number {
  if (pingTimeoutMs === undefined) return Math.min(1000, Math.max(1, Math.floor(acquireTimeoutMs / 2)));
  if (pingTimeoutMs >= acquireTimeoutMs) {
    throw new ConfigurationError(
      'pingTimeoutMs',
      `pingTimeoutMs: received ${String(pingTimeoutMs)}; expected less than acquireTimeoutMs, ` +
        `which is ${String(acquireTimeoutMs)}`,
    );
  }
  return pingTimeoutMs;
}
