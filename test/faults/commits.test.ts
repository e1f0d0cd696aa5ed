import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { CommitOutcomeUnknownError, ConnectionLostError, ResilientPool } from '../../lib/index.js';
import type { ResilientPoolOptions, Transaction } from '../../lib/index.js';
import { startFaultProxy, startPostgres } from '../../lib/testing/index.js';
import type { FaultProxy, PostgresServer } from '../../lib/testing/index.js';
import { failureOf } from '../integration/compat/failure-of.js';
import { findPgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { eventually } from '../integration/compat/eventually.js';

const isCommit = ({ type, text }: { type: string; text: string | undefined }) => type === 'Q' && text === 'COMMIT';
const isCommitted = ({ type, text }: { type: string; text: string | undefined }) => type === 'C' && text === 'COMMIT';

describe('a COMMIT whose answer is lost', () => {
  let server: PostgresServer;
  let proxy: FaultProxy;
  let pool: ResilientPool;
  let calls = 0;
  let hooks = 0;

  before(async () => {
    server = await startPostgres();
    await server.query('create table written (id int)');
    proxy = await startFaultProxy({ target: server });
  });
  beforeEach(async () => {
    await proxy.pass();
    await server.query('truncate written');
    calls = 0;
    hooks = 0;
    await open();
  });
  afterEach(async () => {
    await pool.end();
    // A server notices that a wait for a standby is over when it hears of the new settings.
    await eventually(async () => {
      const left = await server.query(
        "select state, query from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
      );
      expect(left, 'what the pool left on the server').to.deep.equal([]);
    });
  });
  after(async () => {
    await proxy.close();
    await server.stop();
  });

  async function open(options: ResilientPoolOptions = {}): Promise<void> {
    // What is asked here is what becomes of a COMMIT, on servers that are killed and restarted.
    pool = new ResilientPool({
      connectionString: proxy.connectionString(server),
      max: 3,
      circuit: false,
      ...options,
    });
    await pool.query('select 1');
  }
  async function reopen(options: ResilientPoolOptions): Promise<void> {
    await pool.end();
    await open(options);
  }
  /** COMMIT is carried out, its answer cut, and the server out of reach from then on. */
  const loseAnswerAndServer = () =>
    proxy.cutAfterMessage({
      direction: 'toClient',
      match: (message) => {
        if (!isCommitted(message)) return false;
        void proxy.refuse();
        return true;
      },
      when: 'before',
      reset: true,
    });
  const write = (tx: Transaction) => {
    calls += 1;
    tx.afterCommit(() => hooks++);
    return tx.query('insert into written values ($1)', [1]);
  };
  const stored = async () => (await server.query('select from written')).length;

  it('a connection that is lost before COMMIT: told that nothing is stored, though the statement got no answer', async () => {
    for (const how of ['lost', 'timed out'] as const) {
      proxy.cutAfterMessage({
        direction: 'toClient',
        match: ({ type, text }) => {
          if (type !== 'C' || text !== 'INSERT 0 1') return false;
          if (how === 'timed out') proxy.blackHole({ keepAfterHeal: false });
          return how === 'lost';
        },
        when: 'before',
        reset: true,
      });
      const view = pool.withOptions({ timeoutMs: 300 });
      const error = await failureOf(view.transaction((tx) => write(tx), { retries: 0 }));
      expect(error, how).to.include({
        code: how === 'lost' ? 'DB_CONNECTION_LOST' : 'DB_QUERY_TIMEOUT',
        outcome: 'rolled-back',
      });
      await proxy.pass();
      await eventually(async () => expect(await stored()).to.equal(0));
    }
  });

  it('a statement that answers after its caller was told that it is undone, and swallowed that: not committed', async () => {
    await reopen({ cancelGraceMs: 5000 });
    let seen: unknown;
    const view = pool.withOptions({ timeoutMs: 100 });
    const told = await view
      .transaction(
        async (tx) => {
          // The statement is there after 450 ms, the CancelRequest 100 ms later, when it has done its work.
          proxy.latency(450);
          await write(tx).catch((error: unknown) => (seen = error));
          await sleep(170);
          await proxy.pass();
        },
        { retries: 0 },
      )
      .then(
        () => 'stored',
        () => 'failed',
      );
    await proxy.pass();
    const wasUndone = seen === undefined || (seen as { outcome?: string }).outcome === 'rolled-back';
    expect(wasUndone).to.equal(true);
    if (seen !== undefined) expect(told).to.equal('failed');
    expect(await stored()).to.equal(told === 'stored' ? 1 : 0);
  });

  for (const reset of [true, false]) {
    const how = reset ? 'reset' : 'closed';

    it(`${how} before it reached the server: undone, replayed, stored once`, async () => {
      const cut = proxy.cutAfterMessage({ direction: 'toServer', match: isCommit, when: 'before', reset });
      await pool.transaction(write);
      expect({ cut: cut.happened, calls, hooks, stored: await stored() }).to.deep.equal({
        cut: 1,
        calls: 2,
        hooks: 1,
        stored: 1,
      });
    });

    it(`${how} before it reached the server, without retries: told that it was undone, and it was`, async () => {
      proxy.cutAfterMessage({ direction: 'toServer', match: isCommit, when: 'before', reset });
      const error = await failureOf(pool.transaction(write, { retries: 0 }));
      expect(error).to.be.instanceOf(ConnectionLostError);
      expect(error).to.include({ outcome: 'rolled-back', retryable: true });
      expect({ calls, hooks, stored: await stored() }).to.deep.equal({ calls: 1, hooks: 0, stored: 0 });
    });

    it(`${how} after it was carried out: told that it is stored, and not done again`, async () => {
      const cut = proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset });
      await pool.transaction(write);
      expect({ cut: cut.happened, calls, hooks, stored: await stored() }).to.deep.equal({
        cut: 1,
        calls: 1,
        hooks: 1,
        stored: 1,
      });
    });
  }

  it('twenty at once: each is stored once, and no question is left open', async () => {
    const cuts = [
      proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true, times: 5 }),
      proxy.cutAfterMessage({ direction: 'toServer', match: isCommit, when: 'before', reset: true, times: 5 }),
    ];
    await reopen({ max: 10 });
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => pool.transaction(write, { retries: 10 })));
    expect(all.filter(({ status }) => status === 'rejected')).to.deep.equal([]);
    expect({ cuts: cuts.map(({ happened }) => happened), hooks, stored: await stored() }).to.deep.equal({
      cuts: [5, 5],
      hooks: 20,
      stored: 20,
    });
  });

  it('of a role without privileges, just as well', async () => {
    await server.query("create role plain login password 'plain'");
    await server.query('grant insert on written to plain');
    await reopen({
      user: 'plain',
      password: 'plain',
      connectionString: undefined,
      ...addressOf(proxy),
      database: 'postgres',
    });
    proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true });
    await pool.transaction(write);
    expect({ calls, stored: await stored() }).to.deep.equal({ calls: 1, stored: 1 });
    await pool.end();
    await server.query('drop owned by plain');
    await server.query('drop role plain');
  });

  it('that wrote nothing is replayed without a question', async () => {
    proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true, times: 2 });
    const read = (tx: Transaction) => {
      calls += 1;
      return tx.query('select 1');
    };
    await pool.transaction(read);
    await pool.transaction(read, { readOnly: true });
    expect(calls).to.equal(4);
  });

  it('is told as unknown with verifyCommit: false, and is not done again', async () => {
    proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true });
    const error = await failureOf(pool.transaction(write, { verifyCommit: false }));
    expect(error).to.be.instanceOf(CommitOutcomeUnknownError);
    expect(error).to.include({
      code: 'DB_COMMIT_OUTCOME_UNKNOWN',
      outcome: 'unknown',
      reason: 'not-verified',
      retryable: false,
    });
    expect({ calls, hooks, stored: await stored() }).to.deep.equal({ calls: 1, hooks: 0, stored: 1 });
  });

  it('in a network that lost it: the backend that still waits for it is ended, and the transaction done again', async () => {
    await reopen({ queryTimeoutMs: 400, max: 3 });
    let last: string | undefined;
    // The server has told the id of the transaction: COMMIT comes next.
    const losing = proxy.cutAfterMessage({
      direction: 'toClient',
      match: ({ type, text }) => {
        if (type === 'Z' && text === 'T' && last === 'SELECT 1' && calls === 1) {
          proxy.blackHole();
          setTimeout(() => void proxy.pass(), 300);
        }
        if (type === 'C') last = text;
        return false;
      },
      when: 'before',
    });
    await pool.transaction(write);
    expect({ losing: losing.happened, calls, hooks, stored: await stored() }).to.deep.equal({
      losing: 0,
      calls: 2,
      hooks: 1,
      stored: 1,
    });
  });

  it('at the deadline: told in time that nothing is known', async () => {
    proxy.cutAfterMessage({
      direction: 'toServer',
      match: (message) => {
        if (isCommit(message)) proxy.blackHole({ keepAfterHeal: false });
        return false;
      },
      when: 'before',
    });
    const began = performance.now();
    const error = await failureOf(pool.transaction(write, { timeoutMs: 300 }));
    expect(error).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'deadline' });
    expect(performance.now() - began).to.be.lessThan(700);
    await proxy.pass();
  });

  it('with the server gone: told when the time is over that nobody could be asked', async () => {
    loseAnswerAndServer();
    const began = performance.now();
    const error = await failureOf(pool.transaction(write, { timeoutMs: 700 }));
    expect(error).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'unreachable' });
    expect(performance.now() - began).to.be.within(600, 1100);
    await proxy.pass();
    expect(await stored()).to.equal(1);
  });

  it('with a pool that is closed meanwhile: told, and end() does not wait for ever', async () => {
    await reopen({ drainTimeoutMs: 300 });
    const cut = loseAnswerAndServer();
    const failed = failureOf(pool.transaction(write));
    await cut.done;
    await sleep(50);
    await pool.end();
    expect(await failed).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'closed' });
    await proxy.pass();
  });

  it('with a pool that is being closed: told what became of it, and end() waits for that', async () => {
    const cut = loseAnswerAndServer();
    const told = pool.transaction(write);
    await cut.done;
    const ended = pool.end();
    await sleep(200);
    await proxy.pass();
    await ended;
    await told;
    expect(hooks).to.equal(1);
  });

  it('with a pool that is closed over it: told at once that it was closed', async () => {
    await reopen({ drainTimeoutMs: 300 });
    const hole = proxy.cutAfterMessage({
      direction: 'toServer',
      match: (message) => {
        if (isCommit(message)) proxy.blackHole({ keepAfterHeal: false });
        return false;
      },
      when: 'before',
    });
    const failed = failureOf(pool.transaction(write));
    await sleep(100);
    const began = performance.now();
    await pool.end();
    expect(await failed).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'closed' });
    expect(performance.now() - began).to.be.lessThan(3000);
    expect(hole.happened).to.equal(0);
    await proxy.pass();
  });

  it('with a clean restart in between: told that it is stored', async () => {
    const cut = loseAnswerAndServer();
    const told = pool.transaction(write);
    await cut.done;
    await server.restart({ mode: 'fast' });
    await proxy.pass();
    await told;
    expect({ calls, stored: await stored() }).to.deep.equal({ calls: 1, stored: 1 });
  });

  it('with a crash in between: told as unknown, with the reason', async () => {
    const cut = loseAnswerAndServer();
    const told = failureOf(pool.transaction(write));
    await cut.done;
    await server.kill();
    await server.start();
    await proxy.pass();
    expect(await told).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'crash' });
    expect({ calls, stored: await stored() }).to.deep.equal({ calls: 1, stored: 1 });
  });

  it('with statistics that an administrator resets in between: told that it is stored', async () => {
    // So the last checkpoint is one that the transaction came after.
    await server.restart({ mode: 'fast' });
    await reopen({});
    const cut = loseAnswerAndServer();
    const told = pool.transaction(write);
    await cut.done;
    for (const what of ['bgwriter', 'wal', 'archiver']) {
      await server.query('select pg_stat_reset_shared($1)', [what]);
    }
    await proxy.pass();
    await told;
    expect({ calls, stored: await stored() }).to.deep.equal({ calls: 1, stored: 1 });
  });

  it('with a crash before it reached the server: told that it was undone, and done again', async () => {
    const cut = proxy.cutAfterMessage({ direction: 'toServer', match: isCommit, when: 'before', reset: true });
    const told = pool.transaction(write);
    await cut.done;
    await server.kill();
    await server.start();
    await told;
    expect({ calls, stored: await stored() }).to.deep.equal({ calls: 2, stored: 1 });
  });

  describe('before a synchronous standby that is not there', () => {
    beforeEach(async () => {
      await server.query("alter system set synchronous_standby_names = 'nobody'");
      await server.query('select pg_reload_conf()');
      await eventually(async () =>
        expect(await server.query('show synchronous_standby_names')).to.deep.equal([
          { synchronous_standby_names: 'nobody' },
        ]),
      );
    });
    afterEach(async () => {
      await server.query('alter system reset synchronous_standby_names');
      await server.query('select pg_reload_conf()');
    });

    const waiting = () =>
      server.query<{ pid: number }>(
        "select pid from pg_stat_activity where wait_event = 'SyncRep' and query = 'COMMIT'",
      );

    it('a wait that is cancelled is answered with success by the server, and with "unknown" here', async () => {
      const told = failureOf(pool.transaction(write));
      await eventually(async () => expect(await waiting()).to.have.length(1));
      await server.query(
        "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and query = 'COMMIT'",
      );
      expect(await told).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'not-replicated' });
      expect(await stored(), 'here').to.equal(1);
    });

    it('a wait that is ended with its backend is not taken for a commit either', async () => {
      const told = failureOf(pool.transaction(write, { timeoutMs: 1500 }));
      await eventually(async () => expect(await waiting()).to.have.length(1));
      await server.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and query = 'COMMIT'",
      );
      expect(await told).to.include({ code: 'DB_COMMIT_OUTCOME_UNKNOWN', reason: 'not-replicated' });
      expect(await stored(), 'here').to.equal(1);
    });
  });
});

describe('a COMMIT whose answer is lost, behind PgBouncer', () => {
  it('is stored once all the same', async function () {
    const binary = findPgBouncer();
    if (binary === undefined) {
      console.log('SKIPPED: no PgBouncer is installed');
      this.skip();
    }
    const server = await startPostgres();
    const pooler = await startPgBouncer(binary, server);
    const { port } = new URL(pooler.connectionString);
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: Number(port) } });
    await server.query('create table written (id int)');
    const pool = new ResilientPool({
      connectionString: proxy.connectionString(pooler),
      max: 1,
      retry: { retries: 20, budgetPerSecond: 100 },
      circuit: false,
    });
    try {
      for (const [direction, match] of [
        ['toClient', isCommitted],
        ['toServer', isCommit],
      ] as const) {
        const cut = proxy.cutAfterMessage({ direction, match, when: 'before', reset: true });
        await pool.transaction((tx) => tx.query('insert into written values (1)'));
        expect(cut.happened).to.equal(1);
      }
      expect(await server.query('select from written')).to.have.length(2);
      // The pooler puts another server process, of the server's next life, under the same connection.
      await server.kill();
      await server.start();
      await pool.transaction((tx) => tx.query('insert into written values (1)'));
      const cut = proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true });
      await pool.transaction((tx) => tx.query('insert into written values (1)'));
      expect(cut.happened).to.equal(1);
      expect(await server.query('select from written')).to.have.length(4);
    } finally {
      await pool.end();
      await proxy.close();
      await pooler.stop();
      await server.stop();
    }
  });
});

describe('a COMMIT of pg.Pool whose answer is lost', () => {
  it('rejects as if it had failed, although it is stored', async () => {
    const server = await startPostgres();
    const proxy = await startFaultProxy({ target: server });
    await server.query('create table written (id int)');
    const pool = new pg.Pool({ connectionString: proxy.connectionString(server), max: 1 });
    pool.on('error', () => undefined);
    const client = await pool.connect();
    client.on('error', () => undefined);
    proxy.cutAfterMessage({ direction: 'toClient', match: isCommitted, when: 'before', reset: true });
    await client.query('BEGIN');
    await client.query('insert into written values (1)');
    const error = await failureOf(client.query('COMMIT'));
    client.release(true);
    expect(error.message).to.match(/Connection terminated|ECONNRESET/);
    expect(await server.query('select from written')).to.have.length(1);
    await pool.end();
    await proxy.close();
    await server.stop();
  });
});

function addressOf({ host, port }: FaultProxy): { host: string; port: number } {
  return { host, port };
}
