import { expect } from 'chai';
import { Logger, run, type Runner, type TaskList } from 'graphile-worker';
import pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { eventually } from './eventually.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

describe('graphile-worker on a ResilientPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let runner: Runner | undefined;
  const failures: unknown[] = [];

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 6,
      queryTimeoutMs: 1000,
      cancelGraceMs: 200,
      drainTimeoutMs: 1000,
    });
    // graphile-worker warns on the console of a pool without these listeners, which this one does not need.
    pool.on('error', () => undefined);
    pool.on('connect', () => undefined);
    await pool.query('create table done (what text not null)');
  });

  beforeEach(async () => {
    failures.length = 0;
    await pool.query('truncate done');
  });

  afterEach(async () => {
    await runner?.stop();
    runner = undefined;
    await expectNothingCheckedOut(pool, database);
  });

  after(() => pool.end());

  it('runs jobs, each once', async () => {
    const worker = await start({
      note: async (payload, helpers) => {
        await helpers.query('insert into done values ($1)', [(payload as { what: string }).what]);
      },
    });
    runner = worker;
    const names = Array.from({ length: 30 }, (_, n) => `job ${String(n).padStart(2, '0')}`);
    await Promise.all(names.map((what) => worker.addJob('note', { what })));
    await eventually(async () => expect(await done()).to.deep.equal(names));
  });

  it('is told of a new job by LISTEN, long after every time-out has passed', async () => {
    runner = await start({
      note: async (_payload, { withPgClient }) => {
        await withPgClient((client) => client.query("insert into done values ('at once')"));
      },
    });
    // The pool's time-out is 1000 ms, the server's 2200 ms.
    await new Promise((resolve) => setTimeout(resolve, 2600));
    const added = performance.now();
    await runner.addJob('note', {});
    await eventually(async () => expect(await done()).to.deep.equal(['at once']));
    expect(performance.now() - added, 'far less than the poll interval of 60 s').to.be.below(4000);
  });

  it("passes the database's own error on, and tries the failed job again", async () => {
    runner = await start(
      {
        insist: async (_payload, helpers) => {
          if (helpers.job.attempts === 1) await helpers.query('insert into done values (null)');
          await helpers.query("insert into done values ('second attempt')");
        },
      },
      200,
    );
    runner.events.on('job:error', ({ error }) => failures.push(error));
    await runner.addJob('insist', {});
    await eventually(async () => expect(await done()).to.deep.equal(['second attempt']), 15_000);
    expect(failures).to.have.lengthOf(1);
    expect(failures[0]).to.be.instanceOf(pg.DatabaseError);
    expect(failures[0]).to.include({ code: '23502', column: 'what' });
  });

  it('rolls back the transaction of a job that fails, and commits that of one that does not', async () => {
    runner = await start({
      transfer: async (payload, { withPgClient }) => {
        await withPgClient(async (client) => {
          await client.query('begin');
          try {
            await client.query("insert into done values ('transferred')");
            if (!(payload as { succeed: boolean }).succeed) throw new Error('not now');
            await client.query('commit');
          } catch (error) {
            await client.query('rollback');
            throw error;
          }
        });
      },
    });
    runner.events.on('job:error', ({ error }) => failures.push(error));
    await runner.addJob('transfer', { succeed: false });
    await eventually(() => expect(failures).to.have.lengthOf(1));
    expect(await done()).to.deep.equal([]);
    await runner.addJob('transfer', { succeed: true });
    await eventually(async () => expect(await done()).to.deep.equal(['transferred']));
  });

  it('goes on after all of its connections were lost, the listening one among them', async () => {
    runner = await start({
      note: async (_payload, helpers) => {
        await helpers.query("insert into done values ('after')");
      },
    });
    await eventually(async () => expect(await listeners()).to.have.lengthOf(1));
    const lost = await database.backends();
    await Promise.all(lost.map((pid) => database.terminate(pid)));
    await eventually(async () => {
      expect(await listeners()).to.have.lengthOf(1);
      expect(lost).not.to.include.members(await listeners());
    }, 10_000);
    await runner.addJob('note', {});
    await eventually(async () => expect(await done()).to.deep.equal(['after']), 15_000);
  });

  async function start(taskList: TaskList, pollInterval = 60_000): Promise<Runner> {
    return run({
      pgPool: pool,
      taskList,
      concurrency: 3,
      pollInterval,
      noHandleSignals: true,
      logger: new Logger(() => () => undefined),
    });
  }

  /** Backends whose last statement was the worker's LISTEN. */
  async function listeners(): Promise<number[]> {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and query like 'LISTEN "jobs:insert"%' and state = 'idle'`,
    );
    return rows.map((row) => row.pid);
  }

  async function done(): Promise<string[]> {
    const { rows } = await pool.query<{ what: string }>('select what from done order by what');
    return rows.map((row) => row.what);
  }
});
