import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { describe } from 'mocha';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { backendPid, countConnects, failure, Rig, soon, value } from './rig.js';

describe('facts: connections', () => {
  const rig = new Rig();

  rig.fact(
    'pg-failures: any SQL error evicts the client: given ten failing statements, then all of them ran on one connection',
    async () => {
      const bare = rig.bare({ max: 1 });
      const bareConnects = countConnects(bare);
      const pool = rig.resilient({ max: 1 });
      const connects = countConnects(pool);
      for (let i = 0; i < 10; i++) {
        expect((await failure(bare.query('select 1/0'))).code).to.equal('22012');
        expect((await failure(pool.query('select 1/0'))).code).to.equal('22012');
      }
      expect(bareConnects()).to.equal(10);
      expect(connects()).to.equal(1);
      expect(pool.idleCount).to.equal(1);
    },
  );

  rig.fact(
    'pg-failures: a checked-out client dies: given no error listener, then the process lives and the next statement says what happened',
    async () => {
      const [bare, ours] = await runDoomed('loseCheckedOut', rig.server.connectionString);
      expect(bare.crash).to.include("Unhandled 'error' event");
      expect(ours.crash).to.equal('');
      expect(ours.report).to.deep.equal({ code: 'DB_CONNECTION_LOST', outcome: 'not-executed' });
    },
  );

  rig.fact(
    'pg-failures: ROLLBACK after 57P01: given a statement ended by the server, when its borrower rolls back, then the process lives',
    async () => {
      const [bare, ours] = await runDoomed('rollBackAfterLoss', rig.server.connectionString);
      expect(bare.crash).to.include("Unhandled 'error' event");
      expect(ours.crash).to.equal('');
      expect(ours.report).to.deep.equal({
        statement: { code: '57P01' },
        rollback: { code: 'DB_CONNECTION_LOST', outcome: 'not-executed' },
      });
    },
  );

  rig.fact(
    'pg-failures: an idle client dies: given a pool without error listener, then the process lives and the next statement succeeds',
    async () => {
      const [bare, ours] = await runDoomed('loseIdle', rig.server.connectionString);
      expect(bare.crash).to.include("Unhandled 'error' event");
      expect(ours.crash).to.equal('');
      expect(ours.report).to.deep.equal({});
    },
  );

  rig.fact(
    'pg-failures: a transaction left open on release: given a borrower that forgot COMMIT, then the next borrower starts clean and nothing was committed',
    async () => {
      const bare = rig.bare({ max: 1 });
      const forgetful = await bare.connect();
      await forgetful.query('begin');
      forgetful.release();
      const heir = await bare.connect();
      expect(heir.getTransactionStatus()).to.equal('T');
      heir.release();

      const pool = rig.resilient({ max: 1 });
      await pool.query('drop table if exists left_open; create table left_open (id int)');
      const client = await pool.connect();
      const pid = await backendPid(client);
      await client.query('begin; insert into left_open values (1)');
      client.release();
      const next = await value(pool.connect());
      expect(next.getTransactionStatus()).to.equal('I');
      expect(await backendPid(next)).to.not.equal(pid);
      expect((await next.query('select * from left_open')).rows).to.deep.equal([]);
      next.release();
      await rig.whenGone(pid);
      await value(pool.query('drop table left_open'));
    },
  );

  rig.fact(
    'pg-failures: min creates nothing ahead: given a minimum, then the pool opens that many at its first use and keeps them',
    async () => {
      const bare = rig.bare({ min: 2, max: 4, idleTimeoutMillis: 50 });
      await bare.query('select 1');
      await sleep(300);
      expect(bare.totalCount).to.equal(1);

      const pool = rig.resilient({ min: 2, max: 4, idleTimeoutMillis: 50 });
      await pool.query('select 1');
      await soon(() => pool.totalCount === 2 && pool.idleCount === 2, 'two connections are open');
      const busy = await value(Promise.all([1, 2, 3, 4].map(() => pool.connect())));
      for (const client of busy) client.release();
      await soon(() => pool.totalCount === 2, 'idle connections above the minimum are closed');
      await sleep(300);
      expect(pool.totalCount).to.equal(2);
    },
  );

  rig.fact(
    "pg-failures: maxLifetimeSeconds is enforced only when idle or released: given a borrower beyond it, then it is not disturbed and its connection is the last one's no more",
    async () => {
      const pool = rig.resilient({ max: 1, maxLifetimeSeconds: 0.3 });
      const client = await pool.connect();
      const pid = await backendPid(client);
      const { rows } = await value(client.query('select pg_backend_pid() as pid, pg_sleep(0.5)::text'));
      expect(rows[0]).to.include({ pid });
      expect(pool.expiredCount).to.equal(1);
      const waiting = pool.connect();
      client.release();
      const next = await value(waiting);
      expect(await backendPid(next)).to.not.equal(pid);
      next.release();
      await soon(() => pool.totalCount === 0, 'the idle connection is closed at the end of its life');
    },
  );

  rig.fact(
    'pg-failures: maxLifetimeSeconds has no jitter: given connections opened together, then their lives end at different moments, up to a tenth early',
    async () => {
      const options = { max: 1, maxLifetimeSeconds: 2 };
      const lives = [
        Promise.all(Array.from({ length: 3 }, () => lifetime(rig.bare(options)))),
        Promise.all(Array.from({ length: 12 }, () => lifetime(rig.resilient(options)))),
      ];
      const [bare = [], ours = []] = await value(Promise.all(lives), 8000);
      // A timer of Node's counts from the beginning of its turn, so that it comes a little early.
      expect(Math.min(...bare)).to.be.within(1950, 8000);
      expect(Math.min(...ours)).to.be.within(1795, 8000);
      // That all twelve end within the last 30 of the 200 ms of jitter: one run in ten thousand million.
      expect(Math.min(...ours)).to.be.below(Math.min(...bare) - 30);
    },
  );

  rig.fact(
    'pg-failures: {...pool.options} drops the password: given the pool shows none, then each of its own connections has it nevertheless',
    async () => {
      const { host, port, user, password, database } = rig.server;
      const config = { connectionString: undefined, host, port, user, password, database };
      const bare = rig.bare(config);
      await bare.query('select 1');
      expect(bare.options.password).to.equal(password);
      expect({ ...bare.options }).to.not.have.property('password');
      const copy = rig.bare({ ...bare.options, connectionString: undefined });
      expect((await failure(copy.query('select 1'))).message).to.include('password must be a string');

      for (const given of [config, {}]) {
        const pool = rig.resilient({ ...given, max: 2 });
        expect(pool.options.password).to.equal(password);
        expect({ ...pool.options }).to.not.have.property('password');
        for (let i = 0; i < 2; i++) {
          const clients = await value(Promise.all([pool.connect(), pool.connect()]));
          for (const client of clients) client.release(true);
        }
        expect(inspect(pool, { depth: 10 }) + JSON.stringify(pool.options)).to.not.include(password);
      }
    },
  );
});

/** How long a pool's only connection lives while it is checked out, from the moment at which the pool has it. */
async function lifetime(pool: Pick<pg.Pool, 'connect' | 'expiredCount' | 'on'>): Promise<number> {
  let opened = 0;
  pool.on('connect', () => (opened = performance.now()));
  const client = await pool.connect();
  while (pool.expiredCount === 0) await sleep(2);
  const ms = performance.now() - opened;
  client.release();
  return ms;
}

interface Doomed {
  /** What the process wrote when it crashed; empty: it did not. */
  crash: string;
  report: unknown;
}

const program = fileURLToPath(new URL('./doomed.js', import.meta.url));

/** The program with a bare pool, then with ours. */
function runDoomed(scenario: string, connectionString: string): Promise<[Doomed, Doomed]> {
  return Promise.all([runOne('bare', scenario, connectionString), runOne('resilient', scenario, connectionString)]);
}

function runOne(kind: string, scenario: string, connectionString: string): Promise<Doomed> {
  const options = { timeout: 8000, env: { PATH: process.env.PATH, DATABASE_URL: connectionString } };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, kind, scenario], options, (error, stdout, stderr) => {
      const crash = error === null ? '' : `${stderr}\n${error.killed === true ? 'killed after 8 s' : ''}`;
      resolve({ crash, report: error === null ? (JSON.parse(stdout) as unknown) : undefined });
    });
  });
}
