import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { backendOf } from '../backend-of.js';
import { eventually } from '../eventually.js';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { mainSubjects, type SharedOptions } from './subjects.js';

for (const subject of mainSubjects) {
  const ours = subject.resilient;

  describe(`a connection's life: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
    });

    afterEach(() => pool.end());

    function create(options: SharedOptions) {
      pool = subject.create({ connectionString: database.connectionString, ...options });
      return pool;
    }

    async function backend(): Promise<number> {
      const client = await pool.connect();
      client.release();
      return backendOf(client);
    }

    it('ends after maxUses', async () => {
      create({ min: 0, maxUses: 3 });
      const backends: number[] = [];
      for (let n = 0; n < 7; n++) backends.push(await backend());
      expect(new Set(backends.slice(0, 3)).size).to.equal(1);
      expect(new Set(backends.slice(3, 6)).size).to.equal(1);
      expect(new Set(backends).size).to.equal(3);
    });

    it('ends after idleTimeoutMillis without use', async () => {
      create({ min: 0, idleTimeoutMillis: 100 });
      const removed = new Promise((resolve) => pool.once('remove', resolve));
      const client = await pool.connect();
      await sleep(300);
      expect(pool.totalCount, 'a lent one is not idle').to.equal(1);
      client.release();
      const released = performance.now();
      expect(await removed).to.equal(client);
      expect([pool.totalCount, pool.idleCount]).to.deep.equal([0, 0]);
      expect(performance.now() - released).to.be.within(95, 1500);
    });

    it('does not end of idleTimeoutMillis while it is used', async () => {
      create({ min: 0, idleTimeoutMillis: 300 });
      const first = await backend();
      for (let n = 0; n < 10; n++) {
        await sleep(50);
        expect(await backend()).to.equal(first);
      }
    });

    it('has no end by idleness where idleTimeoutMillis is 0', async () => {
      create({ min: 0, idleTimeoutMillis: 0 });
      const first = await backend();
      // ResilientPool looks for idle connections once a second at the least.
      await sleep(1300);
      expect(await backend()).to.equal(first);
    });

    it('ends after maxLifetimeSeconds, even idle', async () => {
      create({ min: 0, maxLifetimeSeconds: 0.2 });
      const removed = new Promise((resolve) => pool.once('remove', resolve));
      await pool.query('select 1');
      await removed;
      expect([pool.totalCount, pool.expiredCount]).to.deep.equal([0, 0]);
    });

    it('ends after maxLifetimeSeconds when its borrower gives it back', async () => {
      create({ min: 0, maxLifetimeSeconds: 0.2 });
      const client = await pool.connect();
      await sleep(400);
      expect((await client.query<{ n: number }>('select 1 as n')).rows).to.deep.equal([{ n: 1 }]);
      client.release();
      expect(await backend()).not.to.equal(backendOf(client));
    });

    it(`${ours ? 'ends somewhat before' : 'does not end before'} maxLifetimeSeconds`, async () => {
      create({ min: 0, max: 20, maxLifetimeSeconds: 1 });
      const opened: number[] = [];
      const expired: number[] = [];
      pool.on('connect', () => opened.push(performance.now()));
      const clients = await Promise.all(Array.from({ length: 20 }, () => pool.connect()));
      await eventually(() => {
        while (expired.length < pool.expiredCount) expired.push(performance.now());
        expect(expired).to.have.lengthOf(20);
      });
      for (const client of clients) client.release(true);
      const lives = expired.map((at, nth) => at - (opened[nth] ?? 0));
      if (ours) expect(Math.min(...lives)).to.be.within(890, 990);
      else expect(Math.min(...lives)).to.be.above(995);
    });

    it(`is kept up to min, ${ours ? 'which are opened without need' : 'which are opened at need only'}`, async () => {
      create({ min: 3, max: 5, idleTimeoutMillis: 100 });
      let connects = 0;
      pool.on('connect', () => (connects += 1));
      await pool.query('select 1');
      if (ours) await eventually(() => expect(pool.idleCount).to.equal(3));
      else await sleep(200);
      expect([pool.totalCount, connects]).to.deep.equal(ours ? [3, 3] : [1, 1]);
      const clients = await Promise.all(Array.from({ length: 5 }, () => pool.connect()));
      for (const client of clients) client.release();
      await eventually(() => expect(pool.idleCount).to.equal(3));
      const kept = await database.backends();
      await sleep(300);
      expect(await database.backends()).to.have.members(kept);
    });

    it(`is ${ours ? 'replaced' : 'not replaced'} up to min when it is lost`, async () => {
      create({ min: 2, max: 5 });
      pool.on('error', () => undefined);
      const clients = await Promise.all([pool.connect(), pool.connect()]);
      for (const client of clients) client.release();
      for (const client of clients) await database.terminate(backendOf(client));
      await eventually(() => expect(pool.totalCount).to.equal(0));
      if (ours) await eventually(() => expect(pool.idleCount).to.equal(2));
      else await sleep(1500);
      expect(pool.totalCount).to.equal(ours ? 2 : 0);
    });

    it(`is kept ${ours ? 'twice' : 'never'} where min is not given`, async () => {
      create({ idleTimeoutMillis: 100 });
      await pool.query('select 1');
      await eventually(() => expect(pool.idleCount).to.equal(ours ? 2 : 0));
      await sleep(400);
      expect(pool.totalCount).to.equal(ours ? 2 : 0);
    });
  });
}
