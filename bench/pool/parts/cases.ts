import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { DeadlineList, Expiring } from '../../../lib/core/deadline-list.js';
import { ResilientPool, runWithDeadline } from '../../../lib/index.js';
import { transactByHand } from '../by-hand.js';
import { roundTrips } from '../transfer.js';
import { circuitPass } from './circuit-pass.js';
import { MemoryServer } from './memory-server.js';

/** Does something so many times. */
export type Case = (times: number) => Promise<void>;

const text = 'select $1::int';
const values = [7];
const stream = (): MemoryServer => new MemoryServer();

// Those that wait where 50 call a pool of 10.
const callers = 40;

interface Queryable {
  query(text: string, values: unknown[]): Promise<unknown>;
}

function barePool(): pg.Pool {
  return new pg.Pool({ stream, max: 1 });
}

function ourPool(): ResilientPool {
  return new ResilientPool({ stream, serverTimeouts: false, max: 1 });
}

function querying(queryable: Queryable): Case {
  return async (times) => {
    for (let i = 0; i < times; i++) await queryable.query(text, values);
  };
}

/** All but one of them wait at any moment: `max` is 1. */
function queuing(queryable: Queryable): Case {
  const query = querying(queryable);
  return async (times) => {
    await Promise.all(Array.from({ length: callers }, () => query(times / callers)));
  };
}

function connecting(pool: { connect(): Promise<{ release(): void }> }): Case {
  return async (times) => {
    for (let i = 0; i < times; i++) (await pool.connect()).release();
  };
}

/** BEGIN, as many statements as a transfer has, COMMIT. */
async function statements(client: Queryable): Promise<void> {
  for (let i = 0; i < roundTrips - 2; i++) await client.query(text, values);
}

function byHand(): Case {
  const pool = barePool();
  return async (times) => {
    for (let i = 0; i < times; i++) await transactByHand(pool, statements);
  };
}

function byUs(): Case {
  const pool = ourPool();
  return async (times) => {
    for (let i = 0; i < times; i++) await pool.transaction(statements, { verifyCommit: false });
  };
}

const requests = new AsyncLocalStorage<object>();

/** One a process: what one makes V8 learn about pg must not change what another one costs. */
export const cases = {
  'pg.Client query': async (): Promise<Case> => {
    const client = new pg.Client({ stream });
    await client.connect();
    return querying(client);
  },
  'our client query': async () => querying(await ourPool().connect()),
  'pg.Pool query': async () => querying(barePool()),
  'our pool query': async () => querying(ourPool()),
  'pg.Pool query, waiting': async () => queuing(barePool()),
  'our pool query, waiting': async () => queuing(ourPool()),
  'pg.Pool query in als.run': async () => {
    const run = querying(barePool());
    return (times) => requests.run({}, run, times);
  },
  'our pool query in runWithDeadline': async () => {
    const run = querying(ourPool());
    return (times) => runWithDeadline(30_000, () => run(times));
  },
  'our pool query in runWithDeadline, waiting': async () => {
    const run = queuing(ourPool());
    return (times) => runWithDeadline(30_000, () => run(times));
  },
  'pg.Pool connect and release': async () => connecting(barePool()),
  'our pool connect and release': async () => connecting(ourPool()),
  'transaction by hand': async () => byHand(),
  'our transaction': async () => byUs(),
  'transaction by hand in als.run': async () => {
    const run = byHand();
    return (times) => requests.run({}, run, times);
  },
  'our transaction in runWithDeadline': async () => {
    const run = byUs();
    return (times) => runWithDeadline(30_000, () => run(times));
  },
  'deadline set and removed': async () => {
    const deadlines = new DeadlineList();
    return async (times) => {
      for (let i = 0; i < times; i++) {
        const deadline = new NeverDue();
        deadlines.add(deadline, deadlines.now() + 30_000);
        deadlines.remove(deadline);
      }
    };
  },
  'closed circuit': async () => {
    const pass = circuitPass();
    return async (times) => pass(times);
  },
} satisfies Record<string, () => Promise<Case>>;

class NeverDue extends Expiring {
  override expire(): void {}
}

export type CaseName = keyof typeof cases;
export const caseNames = Object.keys(cases) as CaseName[];
