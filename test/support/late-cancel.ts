import type pg from 'pg';
import { QueryTimeoutError } from '../../lib/errors/errors.js';
import { ResilientPool } from '../../lib/pool/resilient-pool.js';
import type { PostgresServer } from '../../lib/testing/index.js';

export interface LateCancelOptions {
  /** Its own, started with `lateCancelSettings`: its log tells how many CancelRequests came. */
  server: PostgresServer;
  tries: number;
  /** Connections that are tried side by side. Default 4. */
  lanes?: number;
  /** What runs the statements of one lane. Default: a ResilientPool of one connection. */
  subject?: (connectionString: string) => Subject;
  /** Called after each try. */
  onTry?: (done: number, hits: number) => void;
}

/** One connection at a time. */
export interface Subject {
  /** What runs the two statements of a try: the pool itself, or a client that is checked out for them. */
  borrow(): Promise<Runner>;
  end(): Promise<unknown>;
  /** Connections opened so far. */
  readonly connections: number;
}

export interface Runner {
  timed(text: string, values: unknown[], timeoutMs: number): Promise<unknown>;
  next(text: string): Promise<unknown>;
  release(): void;
}

export interface LateCancelReport {
  tries: number;
  /** Statements whose caller was told of a time-out: `rolledBack` and `unknown` together. */
  timedOut: number;
  completed: number;
  rolledBack: number;
  unknown: number;
  /** Failures of the timed statements that are neither; there should be none. */
  otherErrors: number;
  /** CancelRequests that reached the server. */
  cancels: number;
  /** Cancelled statements that had taken effect nonetheless: how often the race was lost by the cancel. */
  completedNonetheless: number;
  /** Statements whose caller was told the contrary of what the table says. */
  untruths: number;
  /** Next statements that failed; there must be none. */
  hits: number;
  /** Why: each message with its SQLSTATE, once. */
  reasons: string[];
  /** Connections that were opened; as many as lanes where every one was used again. */
  connections: number;
  durationMs: number;
}

export const lateCancelSettings = { log_connections: true };

const timeoutMs = 6;
// Ends, or is about to begin, while a cancel of the statement before it would still be on its way (1 to 3 ms).
const next = 'select pg_sleep(0.004)';
const timed = 'with slept as materialized (select pg_sleep($2)) insert into late_cancel select $1::int from slept';

type Told = 'completed' | 'rolled-back' | 'unknown' | 'error';

/**
 * Times statements out at about the moment at which they complete, each followed at once by another statement on
 * the same connection, and counts how often that one is hit.
 */
export async function runLateCancel(options: LateCancelOptions): Promise<LateCancelReport> {
  const { server, tries, lanes = 4, subject = resilientSubject, onTry } = options;
  await server.query('drop table if exists late_cancel');
  await server.query('create table late_cancel (id int)');
  const logged = (await server.log()).length;
  const told: Told[] = [];
  const reasons = new Set<string>();
  let begun = 0;
  let done = 0;
  let hits = 0;

  async function runLane(lane: Subject): Promise<void> {
    // Half of the statements shall be done in time, on whatever machine: each that is makes the next one longer.
    let sleepMs = timeoutMs;
    while (begun < tries) {
      const id = begun++;
      const values = [id, Math.max(0, sleepMs + Math.random() * 4 - 2) / 1000];
      const runner = await lane.borrow();
      const first = runner.timed(timed, values, timeoutMs).then(() => 'completed' as const, nameOf);
      // Waiting for the connection already, or called when the answer has come.
      const following = Math.random() < 0.5 ? runner.next(next) : first.then(() => runner.next(next));
      await following.catch((error: unknown) => {
        hits += 1;
        reasons.add(describe(error as Error));
      });
      const outcome = await first;
      runner.release();
      told[id] = outcome;
      sleepMs = Math.max(1, sleepMs + (outcome === 'completed' ? 0.25 : -0.25));
      onTry?.(++done, hits);
    }
  }

  const subjects = Array.from({ length: lanes }, () => subject(server.connectionString));
  const started = performance.now();
  try {
    await Promise.all(subjects.map(runLane));
  } finally {
    await Promise.all(subjects.map((lane) => lane.end()));
  }
  const durationMs = performance.now() - started;

  const rows = await server.query<{ id: number }>('select id from late_cancel');
  const took = new Set(rows.map(({ id }) => id));
  const count = (wanted: Told, withRow?: boolean): number =>
    told.filter((what, id) => what === wanted && (withRow === undefined || took.has(id) === withRow)).length;
  const cancels = countCancels((await server.log()).slice(logged));
  const undone = count('rolled-back', false) + count('unknown', false);
  return {
    tries,
    timedOut: count('rolled-back') + count('unknown'),
    completed: count('completed'),
    rolledBack: count('rolled-back'),
    unknown: count('unknown'),
    otherErrors: count('error'),
    cancels,
    completedNonetheless: cancels - undone,
    untruths: count('completed', false) + count('rolled-back', true),
    hits,
    reasons: [...reasons],
    connections: subjects.reduce((sum, { connections }) => sum + connections, 0),
    durationMs,
  };
}

function nameOf(error: unknown): Told {
  if (!(error instanceof QueryTimeoutError)) return 'error';
  return error.outcome === 'rolled-back' ? 'rolled-back' : 'unknown';
}

function describe(error: Error): string {
  const { code } = error as Partial<pg.DatabaseError>;
  return `${error.message} (${code ?? error.name})`;
}

/** A session is received and authorized; a CancelRequest is received alone. */
function countCancels(log: string): number {
  return occurrences(log, 'connection received:') - occurrences(log, 'connection authorized:');
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

function resilientSubject(connectionString: string): Subject {
  const pool = new ResilientPool({ connectionString, max: 1, min: 0 });
  let connections = 0;
  pool.on('connect', () => (connections += 1));
  return {
    borrow: async () => {
      if (Math.random() < 0.5) return runnerOf(pool, () => undefined);
      const client = await pool.connect();
      return runnerOf(client, () => client.release());
    },
    end: () => pool.end(),
    get connections() {
      return connections;
    },
  };
}

function runnerOf(db: Pick<pg.Pool, 'query'>, release: () => void): Runner {
  return {
    timed: (text, values, query_timeout) => db.query({ text, values, query_timeout } as pg.QueryConfig),
    next: (text) => db.query(text),
    release,
  };
}
