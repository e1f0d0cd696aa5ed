import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { ResilientPool } from '../../../lib/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { eventually } from '../../support/settle.js';
import type { Row, Rig } from './rig.js';

const lost = {
  kind: 'connection-lost',
  retry: 'idempotent',
  outcome: 'unknown',
  circuit: true,
  unavailable: true,
} as const;
const ended = { ...lost, kind: 'server-shutting-down' } as const;
const misused = { kind: 'caller', retry: 'never', outcome: 'not-executed' } as const;

/** A statement of a client whose connection is disturbed meanwhile. */
function under(
  told: Row['told'],
  row: Partial<Row>,
  disturb: (client: pg.Client, rig: Rig, pid: number) => unknown,
): Row {
  return {
    name: `${String(told)} under a statement`,
    told,
    ...lost,
    ...row,
    produce: async (rig) => {
      const client = await rig.open();
      const { pid, failure } = await rig.sleeping(client);
      await disturb(client, rig, pid);
      return failure;
    },
  };
}

/** Through the fault proxy, which then does its worst. */
function cut(told: string, row: Partial<Row>, reset: boolean): Row {
  return {
    name: `${told} under a statement`,
    told,
    ...lost,
    ...row,
    produce: async (rig) => {
      const proxy = await rig.proxy();
      const client = await rig.open({ connectionString: proxy.connectionString(rig.server) });
      await client.query('begin');
      proxy.cutAfterMessage({ direction: 'toServer', when: 'after', match: ({ type }) => type === 'Q', reset });
      return rig.failure(client.query('commit'));
    },
  };
}

/** A session that a setting of its own ends while it is idle; pg tells of it by an event. */
function ending(told: string, row: Partial<Row>, ...settings: string[]): Row {
  return {
    name: told,
    told,
    kind: 'transaction-state',
    outcome: 'unknown',
    phase: 'transaction',
    ...row,
    produce: async (rig) => {
      const client = await rig.open();
      const event = once(client, 'error');
      for (const statement of settings) await client.query(statement);
      return ((await event) as [Error])[0];
    },
  };
}

/** pg refuses what it is asked for. */
function misuse(told: Row['told'], ask: (client: pg.Client) => Promise<unknown>, kind: Partial<Row> = {}): Row {
  return {
    name: String(told),
    told,
    ...misused,
    ...kind,
    produce: async (rig) => rig.failure(ask(await rig.open())),
  };
}

function pipelined(told: string, ask: (client: pg.Client) => Promise<unknown>): Row {
  const config = { pipeline: true } as pg.ClientConfig;
  return { name: told, told, ...misused, produce: async (rig) => rig.failure(ask(await rig.open(config))) };
}

const circle = { toPostgres: (): unknown => circle };

/** What is said where a connection was there: it broke, was ended, or its client was not used as pg wants it. */
export const losses: Row[] = [
  cut('Connection terminated unexpectedly', {}, false),
  cut('ECONNRESET', {}, true),
  { ...cut('ECONNRESET', {}, true), name: 'ECONNRESET at COMMIT', phase: 'commit' },
  under('EPIPE', {}, async (client, rig, pid) => {
    const { stream } = streamOf(client);
    stream.pause(); // so that the end of the connection is not read before the write
    await rig.server.query('select pg_terminate_backend($1)', [pid]);
    await eventually(async () => !(await lives(rig.server, pid)), 5000, 'the backend is gone');
    stream.write(Buffer.alloc(1));
    await sleep(50);
    stream.write(Buffer.alloc(1));
  }),
  {
    // No kernel gives up before minutes have passed, so that the error of one is put into the socket.
    ...under('ETIMEDOUT', {}, (client) => {
      const error = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT', errno: -110, syscall: 'read' });
      streamOf(client).stream.destroy(error);
    }),
    name: 'ETIMEDOUT under a statement (planted)',
  },
  under('Connection terminated', { circuit: false }, (client) => void client.end()),
  under('57P01', ended, (_client, { server }, pid) => server.query('select pg_terminate_backend($1)', [pid])),
  {
    ...under('57P01', ended, (_client, { server }, pid) => server.query('select pg_terminate_backend($1)', [pid])),
    name: '57P01 in a transaction',
    phase: 'transaction',
  },
  {
    name: 'Query read timeout',
    told: 'Query read timeout',
    ...lost,
    kind: 'timeout',
    unavailable: false,
    produce: async (rig) => rig.failure((await rig.open({ query_timeout: 50 })).query('select pg_sleep(9)')),
  },
  {
    name: 'FATAL 08P01, a message that is none',
    told: '08P01',
    ...lost,
    produce: async (rig) => {
      const client = await rig.open();
      const event = once(client, 'error');
      streamOf(client).stream.write(Buffer.alloc(5));
      return ((await event) as [Error])[0];
    },
  },
  ending('25P03', {}, `set idle_in_transaction_session_timeout = 20`, 'begin'),
  ending('25P04', { since: 17 }, 'set transaction_timeout = 20', 'begin'),
  ending('57P05', { since: 14, ...lost, phase: 'statement', circuit: false }, 'set idle_session_timeout = 20'),
  {
    name: 'Client has encountered a connection error and is not queryable',
    told: 'Client has encountered a connection error and is not queryable',
    ...lost,
    kind: 'unreachable',
    retry: 'statement',
    outcome: 'not-executed',
    produce: async (rig) => {
      const proxy = await rig.proxy();
      const client = await rig.open({ connectionString: proxy.connectionString(rig.server) });
      const event = once(client, 'error');
      proxy.reset();
      await event;
      return rig.failure(client.query('select 1'));
    },
  },
  misuse(
    'Client was closed and is not queryable',
    (client) => {
      void client.end();
      return client.query('select 1');
    },
    { kind: 'connection-lost', retry: 'statement', unavailable: true },
  ),
  misuse('Query values must be an array', (client) => client.query('select $1', 'a' as unknown as string[])),
  misuse('A query must have either text or a name. Supplying neither is unsupported.', (client) =>
    client.query({} as pg.QueryConfig),
  ),
  misuse(/^circular reference detected/, (client) => client.query('select $1', [circle])),
  misuse(/^Prepared statements must be unique/, async (client) => {
    await client.query({ name: 'a', text: 'select 1' });
    await client.query({ name: 'a', text: 'select 2' });
  }),
  misuse('Client was passed a null or undefined query', async (client) => client.query(undefined as unknown as string)),
  misuse('Client has already been connected. You cannot reuse a client.', (client) => client.connect()),
  pipelined('The `rows` option is not supported in pipeline mode', (client) =>
    client.query({ text: 'select 1', rows: 1 } as pg.QueryConfig),
  ),
  pipelined(
    'Custom query classes such as pg-cursor and pg-query-stream are not supported in pipeline mode',
    async (client) => client.query(new Cursor('select 1')).read(1),
  ),
  ...ofPools(),
  ...ofOurs(),
];

function ofPools(): Row[] {
  return [
    {
      name: 'Release called on client which has already been released to the pool.',
      told: 'Release called on client which has already been released to the pool.',
      ...misused,
      produce: async (rig) => {
        const client = await rig.pool().connect();
        client.release();
        return rig.failure(Promise.resolve().then(() => client.release()));
      },
    },
    {
      name: 'Called end on pool more than once',
      told: 'Called end on pool more than once',
      ...misused,
      produce: async (rig) => {
        const pool = rig.pool();
        await pool.end();
        return rig.failure(pool.end());
      },
    },
    {
      name: 'Passing a function as the first parameter to pool.query is not supported',
      told: 'Passing a function as the first parameter to pool.query is not supported',
      ...misused,
      produce: (rig) =>
        new Promise((resolve) => {
          (rig.pool() as unknown as { query: (given: (error: Error) => void) => void }).query(resolve);
        }),
    },
  ];
}

function ofOurs(): Row[] {
  return [
    {
      name: 'CancelledError of a signal',
      told: 'DB_CANCELLED',
      kind: 'caller',
      outcome: 'rolled-back',
      produce: async (rig) => {
        const pool = ours(rig);
        const controller = new AbortController();
        const failure = rig.failure(pool.withOptions({ signal: controller.signal }).query('select pg_sleep(9)'));
        await eventually(() => running(rig.server), 5000, 'the statement runs');
        controller.abort();
        return failure;
      },
    },
    {
      name: 'ConfigurationError',
      told: 'DB_CONFIGURATION',
      kind: 'configuration',
      outcome: 'not-executed',
      produce: async (rig) => rig.failure(Promise.resolve().then(() => new ResilientPool({ max: -1 }))),
    },
  ];
}

const application_name = 'classes';

function ours(rig: Rig): ResilientPool {
  const pool = new ResilientPool({ connectionString: rig.server.connectionString, application_name, min: 0 });
  rig.ending(() => pool.end());
  return pool;
}

async function running(server: PostgresServer): Promise<boolean> {
  const rows = await server.query(
    `select 1 from pg_stat_activity where application_name = $1 and state = 'active' and query like '%pg_sleep%'`,
    [application_name],
  );
  return rows.length > 0;
}

async function lives(server: PostgresServer, pid: number): Promise<boolean> {
  return (await server.query('select 1 from pg_stat_activity where pid = $1', [pid])).length > 0;
}

function streamOf(client: pg.Client): { stream: Socket } {
  return (client as unknown as { connection: { stream: Socket } }).connection;
}
