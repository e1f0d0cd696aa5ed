import { expect } from 'chai';
import type pg from 'pg';
import { backendOf } from '../backend-of.js';
import { eventually } from '../eventually.js';
import { failureOf } from '../failure-of.js';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { subjects } from './subjects.js';

const names = ['connect', 'acquire', 'release', 'remove', 'error'] as const;

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`events: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;
    let events: { name: string; args: unknown[] }[];

    before(async () => {
      database = await testDatabase();
    });

    beforeEach(() => {
      // An array of its own for each pool: pg.Pool emits 'remove' after end() has resolved.
      const emitted: typeof events = [];
      events = emitted;
      pool = subject.create({ connectionString: database.connectionString, max: 2, min: 0 });
      for (const name of names) pool.on(name, (...args: unknown[]) => emitted.push({ name, args }));
    });

    afterEach(async () => {
      if (!pool.ended) await pool.end();
    });

    it("emits 'connect' and 'acquire' before it lends a new client, 'release' when it comes back, 'remove' when it has closed", async () => {
      const client = await pool.connect();
      expect(events).to.deep.equal([
        { name: 'connect', args: [client] },
        { name: 'acquire', args: [client] },
      ]);
      client.release();
      expect(events.slice(2)).to.deep.equal([{ name: 'release', args: [undefined, client] }]);
      await pool.end();
      await eventually(() => expect(events.slice(3)).to.deep.equal([{ name: 'remove', args: [client] }]));
    });

    it("emits 'acquire' and 'release' around every checkout and every statement of its own", async () => {
      for (let n = 0; n < 3; n++) (await pool.connect()).release();
      for (let n = 0; n < 3; n++) await pool.query('select 1');
      const count = (name: string) => events.filter((event) => event.name === name).length;
      expect([count('connect'), count('acquire'), count('release')]).to.deep.equal([1, 6, 6]);
    });

    it("tells by 'release' with which error a client came back", async () => {
      const reason = new Error('spoilt');
      const client = await pool.connect();
      client.release(reason);
      expect(events.filter((event) => event.name === 'release')).to.deep.equal([
        { name: 'release', args: [reason, client] },
      ]);
    });

    it(`releases after a failed statement of its own ${ours ? 'without' : 'with'} its error`, async () => {
      const error = await failureOf(pool.query('select 1 / 0'));
      const release = events.find((event) => event.name === 'release');
      expect(release?.args[0]).to.equal(ours ? undefined : error);
    });

    it("emits no 'connect' for a connection that could not be opened", async () => {
      const nowhere = subject.create({ host: '127.0.0.1', port: 1 });
      nowhere.on('connect', () => events.push({ name: 'connect', args: [] }));
      await failureOf(nowhere.connect());
      await nowhere.end();
      expect(events).to.deep.equal([]);
    });

    it("emits 'error' with error and client when an idle connection dies", async () => {
      const client = await pool.connect();
      client.release();
      await database.terminate(backendOf(client));
      await eventually(() => expect(events.map((event) => event.name)).to.include.members(['error', 'remove']));
      const errors = events.filter((event) => event.name === 'error');
      expect(errors).to.have.lengthOf(1);
      const [error, of] = errors[0]?.args ?? [];
      expect(of).to.equal(client);
      expect(error).to.be.instanceOf(Error);
      expect((error as { client?: unknown }).client).to.equal(ours ? undefined : client);
      expect(pool.totalCount).to.equal(0);
    });

    it(`emits no 'error' for a connection that dies while it is lent`, async () => {
      const client = await pool.connect();
      client.on('error', () => undefined);
      const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)));
      await database.terminate(backendOf(client));
      await ended;
      client.release();
      await eventually(() => expect(events.map((event) => event.name)).to.include('remove'));
      expect(events.map((event) => event.name)).not.to.include('error');
    });

    it(`${ours ? 'keeps what a listener throws from' : 'passes what a listener throws to'} the caller`, async () => {
      const client = await pool.connect();
      const reason = new Error('the listener broke');
      pool.once('release', () => {
        throw reason;
      });
      if (ours) {
        client.release();
        expect(pool.idleCount).to.equal(1);
      } else {
        expect(() => client.release()).to.throw(reason);
        expect(pool.idleCount).to.equal(0);
        await client.end();
        Object.assign(pool, { ended: true });
      }
    });
  });
}
