import type pg from 'pg';
import Cursor from 'pg-cursor';
import {
  CircuitBreakerDb,
  connectWithRetry,
  detached,
  ResilientPool,
  runWithDeadline,
  withRetry,
  withTimeout,
} from '../../lib/index.js';
import type {
  CircuitBreakerDbOptions,
  CircuitChange,
  CircuitDescription,
  CircuitMode,
  CircuitOpenError,
  CircuitOptions,
  CircuitReason,
  CircuitState,
  CommitOutcomeUnknownError,
  Logger,
  ResilientPoolOptions,
  UnknownReason,
  Circuit,
} from '../../lib/index.js';
import { exactly } from './exactly.js';

interface User {
  id: number;
  name: string;
}

export function wherePgTakesAPool(): pg.Pool {
  return new ResilientPool();
}

export async function statements(pool: ResilientPool): Promise<void> {
  const { rows, rowCount } = await pool.query<User>('select * from users where id = $1', [1]);
  exactly<User[]>()(rows);
  exactly<number | null>()(rowCount);
  const tuples = await pool.query<[number, string]>({ text: 'select id, name from users', rowMode: 'array' });
  exactly<[number, string][]>()(tuples.rows);
  pool.query('select 1', (error, result) => {
    exactly<Error>()(error);
    exactly<number | null>()(result.rowCount);
  });
  const cursor = pool.query(new Cursor<User>('select * from users'));
  exactly<Cursor<User>>()(cursor);

  // @ts-expect-error a text, not a number
  void pool.query(1);
  // @ts-expect-error a user has no age
  void rows[0]?.age;
}

export async function checkouts(pool: ResilientPool): Promise<void> {
  const client = await pool.connect();
  exactly<pg.PoolClient>()(client);
  pool.connect((error, borrowed, done) => {
    exactly<Error | undefined>()(error);
    exactly<pg.PoolClient | undefined>()(borrowed);
    done(true);
  });
  pool.on('error', (error: Error) => error).on('connect', (connected: pg.PoolClient) => connected);
  const counts: number[] = [pool.totalCount, pool.idleCount, pool.waitingCount];
  void counts;
  await pool.end();

  // @ts-expect-error counters are not to be written
  pool.totalCount = 1;
}

export async function scopes(pool: ResilientPool): Promise<void> {
  exactly<number>()(await runWithDeadline(1000, () => 1));
  exactly<string>()(await runWithDeadline(1000, async () => 'later'));
  exactly<Promise<number>>()(detached(() => Promise.resolve(1)));
  exactly<ResilientPool>()(pool.withOptions({ timeoutMs: 100, signal: AbortSignal.timeout(100) }));
  exactly<pg.PoolClient>()(await pool.connect({ longLived: true }));

  // @ts-expect-error a deadline has an end
  void runWithDeadline(false, () => 1);
  // @ts-expect-error there is no such option
  pool.withOptions({ timeout: 100 });
}

export function poolOptions(logger: Logger): void {
  const full: ResilientPoolOptions = {
    name: 'billing',
    max: 10,
    queryTimeoutMs: false,
    acquireTimeoutMs: 1000,
    logger,
  };
  void new ResilientPool(full);
  void new ResilientPool({ max: undefined, password: async () => 'rotated' });

  // @ts-expect-error there is no such option
  void new ResilientPool({ maximum: 10 });
  // @ts-expect-error a number of milliseconds
  void new ResilientPool({ queryTimeoutMs: '1s' });
  // @ts-expect-error there is no waiting without end
  void new ResilientPool({ acquireTimeoutMs: false });
  // @ts-expect-error a logger, not the name of one
  void new ResilientPool({ logger: 'pino' });
}

export async function wrappers(pool: ResilientPool): Promise<void> {
  const answer = await withTimeout(Promise.resolve(1), 1000);
  exactly<number>()(answer);
  const text = await withTimeout((signal) => Promise.resolve(signal.aborted ? 'late' : 'in time'), 1000);
  exactly<string>()(text);
  const connected = await connectWithRetry({ max: 5 }, { attempts: 3, signal: AbortSignal.timeout(1000) });
  exactly<ResilientPool>()(connected);
  await withTimeout(pool, 1000).query('select 1', []);

  // @ts-expect-error milliseconds are not optional
  void withTimeout(Promise.resolve(1));
  // @ts-expect-error there is no such option
  void connectWithRetry({}, { retries: 3 });
}

export async function transactions(pool: ResilientPool): Promise<void> {
  const id = await pool.transaction(
    async (tx) => {
      const { rows } = await tx.query<{ id: number }>('insert into t values ($1) returning id', [1]);
      const inner = await tx.transaction((nested) => nested.query<{ n: string }>('select 1 as n'));
      exactly<string | undefined>()(inner.rows[0]?.n);
      tx.afterCommit(() => undefined);
      return rows[0]?.id;
    },
    { isolation: 'serializable', readOnly: false, deferrable: true, timeoutMs: 5, retries: 1, verifyCommit: false },
  );
  exactly<number | undefined>()(id);
  exactly<number>()(await pool.transaction(() => 5));
  // @ts-expect-error no such level in PostgreSQL
  await pool.transaction(() => 5, { isolation: 'snapshot' });

  const retried = await pool.executeWithRetry<{ n: number }>('select 1 as n', [], { idempotent: true, retries: 5 });
  exactly<number | undefined>()(retried.rows[0]?.n);
  const wrapped = await withRetry(pool, { readOnly: true, budgetPercent: 10 }).query<{ n: number }>('select 1 as n');
  exactly<number | undefined>()(wrapped.rows[0]?.n);
}

export function outcomes(error: CommitOutcomeUnknownError): void {
  const code: 'DB_COMMIT_OUTCOME_UNKNOWN' = error.code;
  void code;
  exactly<UnknownReason>()(error.reason);
}

export async function circuits(pool: ResilientPool): Promise<void> {
  const { circuit } = pool;
  exactly<Circuit>()(circuit);
  exactly<CircuitState>()(circuit.state);
  exactly<'closed' | 'open' | 'half-open' | 'isolated'>()(circuit.state);
  exactly<CircuitMode>()(circuit.mode);
  exactly<CircuitDescription>()(circuit.describe());
  exactly<number | undefined>()(circuit.describe().openedForMs);
  circuit.mode = 'metrics-only';
  circuit.isolate();
  circuit.resume();
  exactly<number>()(await circuit.execute(() => 1));
  exactly<string>()(await circuit.execute(async () => 'later'));

  const listener = (change: CircuitChange): void => {
    exactly<CircuitReason>()(change.reason);
    exactly<CircuitState>()(change.to);
    exactly<unknown>()(change.error);
  };
  exactly<Circuit>()(circuit.on('open', listener).on('halfOpen', listener).on('close', listener));
  circuit.on('stateChange', (change) => exactly<CircuitChange>()(change)).off('open', listener);

  // @ts-expect-error the state is not to be written
  circuit.state = 'open';
  // @ts-expect-error there is no such mode
  circuit.mode = 'observe';
  // @ts-expect-error there is no such event
  circuit.on('half-open', listener);
  // @ts-expect-error the circuit of a pool is the pool's
  pool.circuit = circuit;
}

export function circuitOptions(): void {
  const options: CircuitOptions = { mode: 'on', failuresInARow: 3, failurePercent: 12.5, rampMs: 0 };
  void new ResilientPool({ circuit: options });
  void new ResilientPool({ circuit: false });

  // @ts-expect-error false, or options
  void new ResilientPool({ circuit: true });
  // @ts-expect-error there is no such option
  void new ResilientPool({ circuit: { openMs: 5 } });
}

export async function circuitBreakers(pool: pg.Pool, error: CircuitOpenError, logger: Logger): Promise<void> {
  const options: CircuitBreakerDbOptions = { name: 'shop', trials: 3, openMs: 500, trialTimeoutMs: 100, logger };
  const db = new CircuitBreakerDb(pool, options);
  const { rows } = await db.query<User>('select * from users where id = $1', [1]);
  exactly<User[]>()(rows);
  await db.query<User>({ name: 'users', text: 'select * from users' });
  const circuit: Circuit = db;
  exactly<CircuitState>()(circuit.state);
  exactly<CircuitBreakerDb<pg.Pool>>()(db.on('open', ({ openedForMs }) => exactly<number>()(openedForMs)));
  exactly<void>()(db.close());

  const other = new CircuitBreakerDb({ query: async (text: string) => text.length });
  exactly<number>()(await other.query('select 1'));
  const resilient = await new CircuitBreakerDb(new ResilientPool()).query<{ n: number }>('select 1 as n');
  exactly<number | undefined>()(resilient.rows[0]?.n);
  void new CircuitBreakerDb(pool, { probe: (signal) => Promise.resolve(signal.aborted) });
  void new CircuitBreakerDb(pool, { probe: false });

  exactly<string>()(error.circuit);
  exactly<number>()(error.retryAfterMs);
  const code: 'DB_CIRCUIT_OPEN' = error.code;
  void code;

  // @ts-expect-error something with a query method
  void new CircuitBreakerDb({});
  // @ts-expect-error a pool that is wrapped has no ramp
  void new CircuitBreakerDb(pool, { rampMs: 500 });
  // @ts-expect-error a function
  void new CircuitBreakerDb(pool, { probe: true });
  // @ts-expect-error no callbacks
  void db.query('select 1', [], () => undefined);
}
