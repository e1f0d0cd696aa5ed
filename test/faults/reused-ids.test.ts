import { expect } from 'chai';
import { beforeAnswer, beforeCommit, type Aim } from '../../bench/ledger/aim.js';
import { backendCrash } from '../../bench/ledger/backend-crash.js';
import { ResilientPool } from '../../lib/pool/resilient-pool.js';
import { startFaultProxy, startPostgres, startStandby, type PostgresServer } from '../../lib/testing/index.js';
import { settled, type Settled } from '../support/settle.js';

// Nothing but a COMMIT writes to the log's file, so that a crash loses every transaction that had none, with its id.
const settings = { wal_writer_delay: '10s', autovacuum: false };
const tries = 3;

interface Scenario {
  readonly server: PostgresServer;
  /** Begins at once when it is called; gives the server that is primary then. */
  readonly crash: (pid: number) => Promise<PostgresServer>;
  /** When others have used the id, and before the pool may ask. */
  readonly afterwards?: (primary: PostgresServer) => Promise<unknown>;
}

interface Struck {
  readonly told: Settled<unknown>;
  /** How often its row is there in the end. The pool may have carried a lost transaction out once more. */
  readonly rows: number;
  readonly facts: {
    /** Whether the transaction's id was given to another one after the crash. */
    readonly reused: boolean;
    /** What pg_xact_status says of it. */
    readonly status: string | undefined;
    /** Whether its row was there then. */
    readonly stored: boolean;
    /** The answer did not come before the pool had been let to the server again. */
    readonly asked: boolean;
  };
}

describe('transaction ids that are used again', function () {
  this.timeout(60_000);
  this.slow(10_000);

  let server: PostgresServer;

  before(async () => {
    server = await startPostgres({ settings });
  });

  after(async () => {
    await server.stop();
  });

  const restarted = (mode: 'kill' | 'immediate') => async (): Promise<PostgresServer> => {
    if (mode === 'kill') await server.kill();
    else await server.shutdown(mode);
    await server.start();
    return server;
  };

  it('the server is killed: the id reads committed, and the caller is told the truth', async () => {
    expectTruth(await trap(() => Promise.resolve({ server, crash: restarted('kill') })));
  });

  it('the server is shut down without a checkpoint: the same', async () => {
    expectTruth(await trap(() => Promise.resolve({ server, crash: restarted('immediate') })));
  });

  it('a session is killed, the main process lives: the same', async () => {
    expectTruth(
      await trap(async () => {
        const kill = await backendCrash(server);
        return { server, crash: (pid: number) => kill(pid).then(() => server) };
      }),
    );
  });

  it('a later checkpoint hides where the crash was: the same', async () => {
    const afterwards = (primary: PostgresServer) => primary.query('checkpoint');
    expectTruth(await trap(() => Promise.resolve({ server, crash: restarted('kill'), afterwards })));
  });

  it('a synchronous standby is promoted: the same', async () => {
    const servers: PostgresServer[] = [];
    const prepare = async (): Promise<Scenario> => {
      const primary = await startPostgres({ settings });
      servers.push(primary);
      const standby = await startStandby(primary, { synchronous: true });
      servers.push(standby);
      const promoted = async (): Promise<PostgresServer> => {
        await primary.kill();
        await standby.promote();
        return standby;
      };
      return { server: primary, crash: promoted };
    };
    try {
      expectTruth(await trap(prepare));
    } finally {
      await Promise.all(servers.map((each) => each.stop()));
    }
  });

  it('a transaction that was stored before the crash is not called failed', async () => {
    const struck = await strike({ server, crash: restarted('kill') }, beforeAnswer);
    expect(struck.facts).to.deep.equal({ reused: false, status: 'committed', stored: true, asked: true });
    expectRight(struck);
  });
});

function expectTruth(struck: Struck): void {
  expect(struck.facts).to.deep.equal({ reused: true, status: 'committed', stored: false, asked: true });
  expectRight(struck);
}

function expectRight({ told: { error }, rows }: Struck): void {
  if (error === undefined) expect(rows, 'told stored').to.equal(1);
  else if (error.outcome === 'unknown') expect(rows, 'told unknown').to.be.at.most(1);
  else expect(rows, `told failed: ${error.message}`).to.equal(0);
}

/** Once more where a process of the server happened to write the log in those very milliseconds. */
async function trap(prepare: () => Promise<Scenario>): Promise<Struck> {
  for (let left = tries; ; left--) {
    const struck = await strike(await prepare(), beforeCommit);
    if (struck.facts.reused || left === 1) return struck;
  }
}

/** One transaction, and a crash at its COMMIT. Then others use ids until its own has been given out again. */
async function strike({ server, crash, afterwards }: Scenario, aim: Aim): Promise<Struck> {
  await server.query('drop table if exists wanted, others');
  await server.query('create table wanted (id int not null)');
  await server.query('create table others (id int not null)');
  await using proxy = await startFaultProxy({ target: server });
  const pool = new ResilientPool({ connectionString: proxy.connectionString(server), max: 2, circuit: false });
  const own = { xid: '', pid: 0 };
  let crashed: Promise<PostgresServer> | undefined;
  const cut = proxy.cutAfterMessage({
    ...aim,
    match: (message) => {
      if (!aim.match(message)) return false;
      void proxy.refuse();
      crashed = crash(own.pid);
      return true;
    },
  });
  let answered = false;
  const answer = settled(
    pool.transaction(
      async (tx) => {
        await tx.query('insert into wanted values (1)');
        const { rows } = await tx.query('select pg_current_xact_id()::text as xid, pg_backend_pid() as pid');
        Object.assign(own, rows[0]);
      },
      { timeoutMs: 15_000 },
    ),
    20_000,
  ).finally(() => (answered = true));
  try {
    await Promise.race([cut.done, answer]);
    if (crashed === undefined) throw new Error('The transaction was answered without a COMMIT');
    const primary = await crashed;
    const reused = await useIds(primary, BigInt(own.xid));
    await afterwards?.(primary);
    const [naive] = await primary.query<{ status: string }>('select pg_xact_status($1::xid8) as status', [own.xid]);
    const stored = (await rowsOf(primary)) > 0;
    proxy.retarget(primary);
    const asked = !answered;
    await proxy.pass();
    const told = await answer;
    return { told, rows: await rowsOf(primary), facts: { reused, status: naive?.status, stored, asked } };
  } finally {
    await proxy.pass();
    await pool.end();
    await answer.catch(() => undefined);
  }
}

async function rowsOf(server: PostgresServer): Promise<number> {
  return (await server.query('select from wanted')).length;
}

/** @returns whether this very id was among those given out */
async function useIds(server: PostgresServer, wanted: bigint): Promise<boolean> {
  for (;;) {
    const [row] = await server.query<{ xid: string }>(
      'insert into others values (1) returning pg_current_xact_id()::text as xid',
    );
    const given = BigInt(row?.xid ?? 0);
    if (given >= wanted) return given === wanted;
  }
}
