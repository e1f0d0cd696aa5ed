import { expect } from 'chai';
import pg from 'pg';
import { backendOf } from '../backend-of.js';
import { failureOf } from '../failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from '../test-database.js';
import { subjects, type SharedOptions } from './subjects.js';

for (const subject of subjects) {
  const ours = subject.resilient;

  describe(`hooks and classes: ${subject.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;

    before(async () => {
      database = await testDatabase();
    });

    afterEach(async () => {
      await expectNothingCheckedOut(pool, database);
      await pool.end();
    });

    function create(options: SharedOptions) {
      pool = subject.create({ connectionString: database.connectionString, max: 2, min: 0, ...options });
      return pool;
    }

    async function schemaOf(queryable: { query: pg.Pool['query'] }): Promise<unknown> {
      const { rows } = await queryable.query<{ search_path: string }>('show search_path');
      return rows[0]?.search_path;
    }

    it("runs what a listener of 'connect' asks of the client before its borrower's statements", async () => {
      create({});
      pool.on('connect', (client) => {
        void client.query('set search_path to elsewhere');
      });
      expect(await schemaOf(pool)).to.equal('elsewhere');
      const client = await pool.connect();
      expect(await schemaOf(client)).to.equal('elsewhere');
      client.release();
      expect(pool.totalCount).to.equal(1);
    });

    it('awaits onConnect, once for each connection', async () => {
      const seen: number[] = [];
      create({
        onConnect: async (client) => {
          await client.query('set search_path to elsewhere');
          seen.push(backendOf(client));
        },
      });
      const client = await pool.connect();
      expect(seen).to.deep.equal([backendOf(client)]);
      expect(await schemaOf(client)).to.equal('elsewhere');
      client.release();
      expect(await schemaOf(pool)).to.equal('elsewhere');
      expect(seen).to.have.lengthOf(1);
    });

    for (const [how, onConnect] of [
      [
        'throws',
        () => {
          throw new Error('not this one');
        },
      ],
      ['rejects', () => Promise.reject(new Error('not this one'))],
    ] as const) {
      it(`fails the call for whose connection onConnect ${how}`, async () => {
        create({ onConnect });
        expect((await failureOf(pool.connect())).message).to.equal('not this one');
        expect((await failureOf(pool.query('select 1'))).message).to.equal('not this one');
        expect(pool.totalCount).to.equal(0);
      });
    }

    it("passes on the database's own error from onConnect", async () => {
      create({
        onConnect: async (client) => {
          await client.query('select 1 / 0');
        },
      });
      expect(await failureOf(pool.connect())).to.include({ code: '22012' });
    });

    it(`verifies a new client once, ${ours ? "before 'connect' and 'acquire'" : "after 'connect' and 'acquire'"}`, async () => {
      const order: string[] = [];
      create({
        verify: (client, done) => {
          order.push('verify');
          client.query('select 1', () => done());
        },
      });
      pool.on('connect', () => order.push('connect'));
      pool.on('acquire', () => order.push('acquire'));
      (await pool.connect()).release();
      (await pool.connect()).release();
      expect(order).to.deep.equal(
        ours ? ['verify', 'connect', 'acquire', 'acquire'] : ['connect', 'acquire', 'verify', 'acquire'],
      );
    });

    it(`fails the call for whose client verify has an error, ${ours ? 'which no event tells of' : "after 'connect', 'acquire' and 'release'"}`, async () => {
      const events: string[] = [];
      create({ verify: (_client, done) => done(new Error('not this one')) });
      for (const name of ['connect', 'acquire', 'release'] as const) pool.on(name, () => events.push(name));
      expect((await failureOf(pool.connect())).message).to.equal('not this one');
      expect(events).to.deep.equal(ours ? [] : ['connect', 'acquire', 'release']);
      expect(pool.totalCount).to.equal(0);
    });

    it('makes its clients of a subclass of Client', async () => {
      class Greeting extends subject.pg.Client {
        greet() {
          return this.query<{ greeting: string }>("select 'hello' as greeting");
        }
      }
      create({ Client: Greeting });
      const client = await pool.connect();
      expect(client).to.be.instanceOf(Greeting);
      const { rows } = await (client as unknown as Greeting).greet();
      client.release();
      expect(rows).to.deep.equal([{ greeting: 'hello' }]);
    });

    it('calls the query method of a subclass of Client', async () => {
      const seen: unknown[] = [];
      class Watching extends (subject.pg.Client as unknown as new () => { query(...args: unknown[]): unknown }) {
        override query(...args: unknown[]): unknown {
          const [config] = args as [string | { text?: string }];
          seen.push(typeof config === 'string' ? config : config.text);
          return super.query(...args);
        }
      }
      create({ Client: Watching as unknown as typeof pg.Client });
      await pool.query('select 1 as one');
      const client = await pool.connect();
      await client.query({ text: 'select 2 as two' });
      client.release();
      expect(seen).to.include.members(['select 1 as one', 'select 2 as two']);
    });

    it('reads with type parsers of its own', async () => {
      const bigints = new pg.TypeOverrides();
      bigints.setTypeParser(20, (value) => BigInt(value));
      create({ types: bigints });
      expect((await pool.query('select 9007199254740993 as n')).rows).to.deep.equal([{ n: 9007199254740993n }]);
    });

    it('keeps the type parsers of one client to it', async () => {
      create({});
      const client = await pool.connect();
      client.setTypeParser(20, (value: string) => BigInt(value));
      expect((await client.query('select 1::int8 as n')).rows).to.deep.equal([{ n: 1n }]);
      client.release();
      expect((await pool.query('select 1::int4 as n')).rows).to.deep.equal([{ n: 1 }]);
    });

    it('reads in binary form on demand', async () => {
      create({ ...({ binary: true } as object) });
      const client = await pool.connect();
      expect(client).to.include({ binary: true });
      expect((await client.query<{ n: number }>('select $1::int4 as n', [7])).rows).to.deep.equal([{ n: 7 }]);
      client.release();
    });
  });
}
