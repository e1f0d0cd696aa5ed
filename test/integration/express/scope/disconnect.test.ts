import { once } from 'node:events';
import { expect } from 'chai';
import Cursor from 'pg-cursor';
import { CancelledError } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { versions } from '../versions.js';
import { closeServicesAfterEach, service } from './service.js';
import { marked, marksTable } from './marks.js';

/** What a client who has left may still cost the server. */
const cancelledWithinMs = 500;

for (const version of versions) {
  describe(`${version.name}: a client that leaves`, () => {
    closeServicesAfterEach();

    it('ends the read that runs for it', async () => {
      const failures: Error[] = [];
      const app = await service({ version }, ({ app: own, route }) => {
        own.get(
          '/',
          route(async (req) => {
            const failure = await failureOf(req.db.query('select pg_sleep(20)'));
            failures.push(failure);
            throw failure;
          }),
        );
      });
      const { leave } = app.call('/');
      await app.runs('pg_sleep(20)');
      leave();
      await eventually(async () => (await app.running()).length === 0, cancelledWithinMs, 'the server runs nothing');
      await eventually(() => failures.length === 1, cancelledWithinMs, 'the route is told');
      expect(failures[0]).to.be.instanceOf(CancelledError);
      expect(failures[0]).to.include({ code: 'DB_CANCELLED', retryable: false });
      // dbErrorHandler takes it: there is nobody to be answered, and nothing is wrong.
      expect(app.errors).to.deep.equal([]);
    });
  });
}

describe('a client that leaves', () => {
  closeServicesAfterEach();
  before(marksTable);

  it('ends what waits for a connection, writes as well, which are not executed', async () => {
    const failures: Error[] = [];
    const app = await service({ max: 1 }, ({ app: own }) => {
      own.get('/', async (req) => {
        const waiting = [
          req.db.query(`insert into marks values ('waiting')`),
          req.db.query('select 1'),
          req.db.connect(),
        ];
        failures.push(...(await Promise.all(waiting.map((one) => failureOf(one)))));
      });
    });
    const held = await app.pool.connect();
    const { leave } = app.call('/');
    await eventually(() => app.pool.waitingCount === 3, 5000, 'it waits');
    leave();
    await eventually(() => failures.length === 3, cancelledWithinMs, 'it is told');
    expect(app.pool.waitingCount).to.equal(0);
    held.release();
    for (const failure of failures) {
      expect(failure).to.be.instanceOf(CancelledError);
      expect(failure).to.include({ outcome: 'not-executed' });
    }
    expect(await marked('waiting')).to.equal(0);
  });

  it('ends reads on a client that is checked out, the one that runs and the one behind it', async () => {
    const failures: Error[] = [];
    let written: unknown;
    const app = await service({ max: 1 }, ({ app: own }) => {
      own.get('/', async (req) => {
        const client = await req.db.connect();
        const reads = [client.query('select pg_sleep(20)'), client.query('select 2')];
        const write = client.query(`insert into marks values ('behind reads')`);
        failures.push(...(await Promise.all(reads.map((one) => failureOf(one)))));
        written = await write;
        client.release();
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(() => written !== undefined, 5000, 'the write is done');
    expect(failures.map(({ name }) => name)).to.deep.equal(['CancelledError', 'CancelledError']);
    expect(failures[1]).to.include({ outcome: 'not-executed' });
    expect(await marked('behind reads')).to.equal(1);
  });

  it('ends what a cursor reads, and the one that stands still', async () => {
    const names: string[] = [];
    const app = await service({ max: 2 }, ({ app: own }) => {
      own.get('/', async (req) => {
        const [reading, still] = [await req.db.connect(), await req.db.connect()];
        const standing = still.query(new Cursor<{ n: number }>('select generate_series(1, 1000000) as n'));
        await standing.read(1);
        const sleeping = reading.query(new Cursor('select pg_sleep(20)'));
        names.push((await failureOf(sleeping.read(1))).name);
        reading.release();
        const ended = async () =>
          standing.read(1).then(
            () => false,
            () => true,
          );
        await eventually(ended, 5000, 'the one that stands still is ended');
        still.release();
        names.push('both');
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(() => names.length === 2, 5000, 'both are ended');
    expect(names).to.deep.equal(['CancelledError', 'both']);
  });

  it('does not end a write', async () => {
    let written: { rowCount: number | null } | undefined;
    const app = await service({}, ({ app: own }) => {
      own.post('/', async (req) => {
        written = await req.db.query(`insert into marks select 'runs on' from pg_sleep(0.5)`);
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await app.runs('pg_sleep(0.5)');
    leave();
    await eventually(() => written !== undefined, 5000, 'it is done');
    expect(written).to.include({ rowCount: 1 });
    expect(await marked('runs on')).to.equal(1);
  });

  it('does not end a transaction, nor a SELECT in it, before its COMMIT', async () => {
    const results: unknown[] = [];
    const app = await service({}, ({ app: own }) => {
      own.post('/', async (req) => {
        const client = await req.db.connect();
        await client.query('begin');
        await client.query(`insert into marks values ('transaction')`);
        results.push((await client.query('select pg_sleep(0.5)')).rowCount);
        // Begun after the client has left.
        results.push((await client.query('select 1')).rowCount);
        await client.query(`insert into marks values ('transaction')`);
        await client.query('commit');
        client.release();
        results.push('committed');
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await app.runs('pg_sleep(0.5)');
    leave();
    await eventually(() => results.length === 3, 5000, 'it is done');
    expect(results).to.deep.equal([1, 1, 'committed']);
    expect(await marked('transaction')).to.equal(2);
  });

  it('has reads refused that begin then, and lets writes go', async () => {
    const outcomes: unknown[] = [];
    const app = await service({}, ({ app: own }) => {
      own.post('/', async (req, res) => {
        await once(res, 'close');
        outcomes.push(await failureOf(req.db.query('select 1')));
        outcomes.push(await failureOf(req.db.query('with one as (values (1)) select * from one')));
        await req.db.query(`insert into marks values ('begun then')`);
        // What a transaction is for, nobody knows until it ends.
        const client = await req.db.connect();
        await client.query('begin');
        await client.query(`insert into marks select 'begun then' from (select 1) one`);
        outcomes.push((await client.query('select 1')).rowCount);
        await client.query('commit');
        outcomes.push(await failureOf(client.query('select 1')));
        client.release();
      });
    });
    const { leave } = app.call('/', { method: 'POST' });
    await once(app.http, 'request');
    leave();
    await eventually(() => outcomes.length === 4, 5000, 'it is done');
    const [first, second, inside, behind] = outcomes;
    expect(inside).to.equal(1);
    for (const failure of [first, second, behind]) {
      expect(failure).to.be.instanceOf(CancelledError);
      expect(failure).to.include({ outcome: 'not-executed' });
    }
    expect(await marked('begun then')).to.equal(2);
  });

  it('leaves other requests alone', async () => {
    const app = await service({ max: 2 }, ({ app: own }) => {
      own.get('/:seconds', async (req, res) => {
        await req.db.query('select pg_sleep($1)', [req.params.seconds]);
        res.json({});
      });
    });
    const staying = app.call('/0.5');
    const leaving = app.call('/20');
    await eventually(async () => (await app.running()).length === 2, 5000, 'both run');
    leaving.leave();
    expect((await staying.answer).status).to.equal(200);
  });

  it('is refused no more reads in its name once the deadline has passed', async () => {
    const outcomes: unknown[] = [];
    const app = await service({ requestTimeoutMs: 300 }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        await once(res, 'close');
        outcomes.push(await failureOf(req.db.query('select 1')));
        setTimeout(() => void req.db.query('select 1').then(({ rowCount }) => outcomes.push(rowCount)), 500);
      });
    });
    const { leave } = app.call('/');
    await once(app.http, 'request');
    leave();
    await eventually(() => outcomes.length === 2, 5000, 'both are done');
    expect(outcomes[0]).to.be.instanceOf(CancelledError);
    expect(outcomes[1]).to.equal(1);
  });
});
