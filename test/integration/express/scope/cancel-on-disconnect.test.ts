import { once } from 'node:events';
import { expect } from 'chai';
import { CancelledError } from '../../../../lib/index.js';
import { sharedPostgres } from '../../../support/postgres.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { marked, marksTable } from './marks.js';
import { closeServicesAfterEach, service } from './service.js';

describe("a client that leaves, with cancelOnDisconnect: 'all'", () => {
  closeServicesAfterEach();
  before(marksTable);
  before(async () => {
    const server = await sharedPostgres();
    await server.query('create table slow_commits (text text not null)');
    await server.query(
      `create function slow() returns trigger language plpgsql as
       'begin perform pg_sleep(0.7); return null; end'`,
    );
    await server.query(
      `create constraint trigger slow after insert on slow_commits
       deferrable initially deferred for each row execute function slow()`,
    );
  });

  it('ends a write', async () => {
    const failures: Error[] = [];
    const app = await service({ cancelOnDisconnect: 'all' }, ({ app: own }) => {
      own.post('/', async (req) => {
        failures.push(await failureOf(req.db.query(`insert into marks select 'all' from pg_sleep(20)`)));
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(async () => (await app.running()).length === 0, 500, 'the server runs nothing');
    await eventually(() => failures.length === 1, 500, 'it is told');
    expect(failures[0]).to.be.instanceOf(CancelledError);
    expect(await marked('all')).to.equal(0);
  });

  it('ends a transaction, whose ROLLBACK goes', async () => {
    const failures: Error[] = [];
    const app = await service({ cancelOnDisconnect: 'all' }, ({ app: own }) => {
      own.post('/', async (req) => {
        const client = await req.db.connect();
        await client.query('begin');
        await client.query(`insert into marks values ('all, transaction')`);
        failures.push(await failureOf(client.query('select pg_sleep(20)')));
        failures.push(await failureOf(client.query(`insert into marks values ('all, transaction')`)));
        await client.query('rollback');
        client.release();
        failures.push(new Error('rolled back'));
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(() => failures.length === 3, 5000, 'it is done');
    expect(failures[0]).to.be.instanceOf(CancelledError);
    expect(failures[1]).to.be.instanceOf(CancelledError);
    expect(failures[1]).to.include({ outcome: 'not-executed' });
    expect(await marked('all, transaction')).to.equal(0);
  });

  it('does not end a COMMIT', async () => {
    const outcomes: unknown[] = [];
    const app = await service({ cancelOnDisconnect: 'all' }, ({ app: own }) => {
      own.post('/', async (req) => {
        const client = await req.db.connect();
        await client.query('begin');
        await client.query(`insert into slow_commits values ('committed')`);
        outcomes.push(
          await client.query('commit').then(
            () => undefined,
            (error: unknown) => error,
          ),
        );
        client.release();
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await app.runs('commit');
    leave();
    await eventually(async () => (await app.running()).length === 0, 5000, 'the COMMIT has ended');
    await eventually(() => outcomes.length === 1, 500, 'it is told');
    const server = await sharedPostgres();
    expect(await server.query('select text from slow_commits')).to.deep.equal([{ text: 'committed' }]);
    // It may not have been waited for, but then it is not said to be undone.
    if (outcomes[0] !== undefined) expect(outcomes[0]).to.include({ code: 'DB_CANCELLED', outcome: 'unknown' });
  });
});

describe('a client that leaves while a retry waits', () => {
  closeServicesAfterEach();
  before(marksTable);
  before(async () => {
    const server = await sharedPostgres();
    await server.query('create sequence retried');
    await server.query(
      `create function retried(wanted text) returns text language plpgsql as $$
       begin
         if nextval('retried') = 1 then raise exception 'not yet' using errcode = '40001'; end if;
         return wanted;
       end $$`,
    );
  });
  beforeEach(async () => void (await (await sharedPostgres()).query('alter sequence retried restart')));
  after(async () => void (await (await sharedPostgres()).query('drop function retried; drop sequence retried')));

  const slowly = { retry: { minDelayMs: 1500, maxDelayMs: 1500 } };
  const attempts = async () => {
    const [row] = await (await sharedPostgres()).query<{ n: string }>('select last_value as n from retried');
    return Number(row?.n);
  };

  for (const form of ['query', 'transaction'] as const) {
    it(`does not end that of a write (${form})`, async () => {
      let isDone = false;
      const app = await service({ ...slowly, acquireTimeoutMs: 5000 }, ({ app: own }) => {
        own.post('/', async (req) => {
          const text = `insert into marks values (retried('retried ${form}'))`;
          if (form === 'query') await req.db.query(text);
          else await req.db.transaction((tx) => tx.query(text));
          isDone = true;
        });
      });
      const { leave } = app.call('/', { method: 'POST' });
      await eventually(async () => (await attempts()) === 1, 5000, 'the first attempt');
      leave();
      await eventually(() => isDone, 9000, 'the second one');
      expect(await marked(`retried ${form}`)).to.equal(1);
    });
  }

  it('ends that of a read, which does not wait on', async () => {
    const failures: Error[] = [];
    const app = await service({ retry: { minDelayMs: 60_000, maxDelayMs: 60_000 } }, ({ app: own }) => {
      own.get('/', async (req) => {
        failures.push(await failureOf(req.db.query(`select retried('read')`)));
      });
    });
    const { leave } = app.call('/');
    await eventually(async () => (await attempts()) === 1, 5000, 'the first attempt');
    leave();
    await eventually(() => failures.length === 1, 5000, 'the route is told');
    expect(failures[0]).to.include({ code: '40001' });
  });
});

describe('a client that leaves, with cancelOnDisconnect: false', () => {
  closeServicesAfterEach();

  it('ends nothing: not what runs, not what waits, and nothing is refused', async () => {
    const counts: unknown[] = [];
    const app = await service({ cancelOnDisconnect: false, max: 1 }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        const left = once(res, 'close');
        const running = req.db.query('select pg_sleep(0.5)');
        const waiting = req.db.query('select 1');
        await left;
        for (const one of [running, waiting, req.db.query('select 2')]) counts.push((await one).rowCount);
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(0.5)');
    leave();
    await eventually(() => counts.length === 3, 5000, 'all are done');
    expect(counts).to.deep.equal([1, 1, 1]);
  });
});
