import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { backendOf } from '../backend-of.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { subjects } from './subjects.js';

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`counters: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
    });

    beforeEach(() => {
      pool = subject.create({ connectionString: database.connectionString, max: 2, min: 0 });
    });

    afterEach(() => pool.end());

    function counts() {
      const { totalCount, idleCount, waitingCount, expiredCount } = pool;
      return [totalCount, idleCount, waitingCount, expiredCount];
    }

    it('are 0 at first', () => {
      expect(counts()).to.deep.equal([0, 0, 0, 0]);
    });

    it('count clients that are lent, idle, and gone', async () => {
      const [first, second] = await Promise.all([pool.connect(), pool.connect()]);
      expect(counts()).to.deep.equal([2, 0, 0, 0]);
      first.release();
      expect(counts()).to.deep.equal([2, 1, 0, 0]);
      second.release(true);
      expect(counts()).to.deep.equal([1, 1, 0, 0]);
    });

    it('count a connection that is being opened as one, and calls that wait for one to come back', async () => {
      const [first, second] = [pool.connect(), pool.connect()];
      const third = pool.connect();
      expect(pool.totalCount).to.equal(2);
      (await first).release();
      (await second).release();
      (await third).release();
      await eventually(() => expect(counts()).to.deep.equal([2, 2, 0, 0]));
    });

    it(`${ours ? 'count' : 'do not count'} a call as waiting while a connection is opened for it`, async () => {
      const connecting = pool.connect();
      expect(pool.waitingCount).to.equal(ours ? 1 : 0);
      (await connecting).release();
    });

    it(`${ours ? 'do not count' : 'count'} a call as waiting that finds an idle connection`, async () => {
      (await pool.connect()).release();
      const connecting = pool.connect();
      expect([pool.waitingCount, pool.idleCount]).to.deep.equal(ours ? [0, 0] : [1, 1]);
      (await connecting).release();
    });

    it('count a call as waiting while all connections are lent', async () => {
      const clients = await Promise.all([pool.connect(), pool.connect()]);
      const waiting = [pool.connect(), pool.query('select 1')];
      expect(pool.waitingCount).to.equal(2);
      for (const client of clients) client.release();
      const [client] = await Promise.all(waiting);
      (client as pg.PoolClient).release();
      await eventually(() => expect(counts()).to.deep.equal([2, 2, 0, 0]));
    });

    it('do not count a connection that could not be opened', async () => {
      const nowhere = subject.create({ host: '127.0.0.1', port: 1 });
      await failureOf(nowhere.connect());
      expect(nowhere.totalCount).to.equal(0);
      await nowhere.end();
    });

    it(`${ours ? 'do not count' : 'count'} a lent client whose connection has died`, async () => {
      const client = await pool.connect();
      client.on('error', () => undefined);
      const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)));
      await database.terminate(backendOf(client));
      await ended;
      expect(pool.totalCount).to.equal(ours ? 0 : 1);
      client.release();
      expect(pool.totalCount).to.equal(0);
    });

    it('count a lent connection that has reached its age as expired', async () => {
      const young = subject.create({ connectionString: database.connectionString, min: 0, maxLifetimeSeconds: 0.5 });
      const client = await young.connect();
      expect(young.expiredCount).to.equal(0);
      await sleep(700);
      expect(young.expiredCount).to.equal(1);
      client.release();
      expect([young.totalCount, young.expiredCount]).to.deep.equal([0, 0]);
      await young.end();
    });
  });
}
