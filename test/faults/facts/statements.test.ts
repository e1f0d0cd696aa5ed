import { expect } from 'chai';
import { describe } from 'mocha';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { backendPid, countConnects, failure, Rig, value } from './rig.js';

describe('facts: named and multiple statements', () => {
  const rig = new Rig();

  rig.fact(
    'pg-failures: stale plan: given a named statement whose table has changed, then it is prepared again and succeeds',
    () =>
      withTable(async ({ select, addColumn }) => {
        const bare = await rig.bare({ max: 1 }).connect();
        await bare.query(select);
        const pool = rig.resilient({ max: 1 });
        const connects = countConnects(pool);
        await pool.query(select);
        await addColumn('b');

        for (let i = 0; i < 3; i++) {
          const error = (await failure(bare.query(select))) as pg.DatabaseError;
          expect([error.code, error.routine]).to.deep.equal(['0A000', 'RevalidateCachedQuery']);
        }
        await bare.query(`deallocate ${select.name}`);
        Reflect.deleteProperty(parsedStatements(bare), select.name);
        expect(columns(await bare.query(select))).to.deep.equal(['a', 'b']);

        for (let i = 0; i < 3; i++) expect(columns(await value(pool.query(select)))).to.deep.equal(['a', 'b']);
        expect(connects()).to.equal(1);
      }),
  );

  rig.fact(
    'pg-failures: stale plan in a transaction: given the error has aborted it, then it is told once and the statement works after ROLLBACK',
    () =>
      withTable(async ({ select, addColumn }) => {
        const client = await rig.resilient({ max: 1 }).connect();
        await client.query(select);
        await addColumn('b');
        await client.query('begin');
        expect((await failure(client.query(select))).code).to.equal('0A000');
        expect(client.getTransactionStatus()).to.equal('E');
        expect((await failure(client.query(select))).code).to.equal('25P02');
        await client.query('rollback');
        expect(columns(await value(client.query(select)))).to.deep.equal(['a', 'b']);
        client.release();
      }),
  );

  rig.fact(
    'hot-path 4: ALTER TABLE under a named select *: given every connection of the pool has prepared it, then none of them fails',
    () =>
      withTable(async ({ select, addColumn }) => {
        const pool = rig.resilient({ max: 3 });
        const onEach = async () => {
          const clients = await value(Promise.all([1, 2, 3].map(() => pool.connect())));
          const results = await value(Promise.all(clients.map((client) => client.query(select))));
          for (const client of clients) client.release();
          return results.map(columns);
        };
        expect(await onEach()).to.deep.equal([['a'], ['a'], ['a']]);
        for (const added of ['b', 'c']) {
          await addColumn(added);
          const expected = ['a', 'b', 'c'].slice(0, added === 'b' ? 2 : 3);
          expect(await onEach()).to.deep.equal([expected, expected, expected]);
        }
      }),
  );

  rig.fact(
    'hot-path 4: DISCARD ALL: given it dropped a named statement, then the statement is prepared again and succeeds',
    async () => {
      const config = { name: 'discarded', text: 'select $1::int as n', values: [7] };
      const bare = await rig.bare({ max: 1 }).connect();
      await bare.query(config);
      await bare.query('discard all');
      for (let i = 0; i < 3; i++) expect((await failure(bare.query(config))).code).to.equal('26000');

      const client = await rig.resilient({ max: 1 }).connect();
      for (let i = 0; i < 3; i++) {
        await client.query('discard all');
        expect((await value(client.query(config))).rows).to.deep.equal([{ n: 7 }]);
      }
      client.release();

      const resetting = rig.resilient({ max: 1, resetOnRelease: true });
      for (let i = 0; i < 3; i++) {
        expect((await value(resetting.query(config))).rows).to.deep.equal([{ n: 7 }]);
      }
      // In a transaction there is no second try: the pool must know by itself what its own DISCARD ALL took away.
      const reset = await value(resetting.connect());
      await reset.query('begin');
      expect((await value(reset.query(config))).rows).to.deep.equal([{ n: 7 }]);
      await reset.query('rollback');
      reset.release();
    },
  );

  rig.fact(
    'hot-path 3: a value that cannot be serialised in a named query: given circular JSON, then the callback fires once, with the error, and the name stays usable',
    async () => {
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      const config = (content: unknown) => ({ name: 'json', text: 'select $1::json as content', values: [content] });

      const bare = await rig.bare({ max: 1 }).connect();
      expect(await callbacksOf(bare, config(circular))).to.deep.equal(['TypeError', 'success']);
      for (let i = 0; i < 3; i++) expect((await failure(bare.query(config({})))).code).to.equal('26000');

      const pool = rig.resilient({ max: 1 });
      const connects = countConnects(pool);
      const client = await pool.connect();
      for (let i = 0; i < 2; i++) {
        expect(await callbacksOf(client, config(circular))).to.deep.equal(['TypeError']);
        expect((await value(client.query(config({ i })))).rows).to.deep.equal([{ content: { i } }]);
        expect((await failure(client.query(config(circular)))).name).to.equal('TypeError');
      }
      // In a transaction there is no second try.
      await client.query('begin');
      expect((await failure(client.query(config(circular)))).name).to.equal('TypeError');
      expect((await value(client.query(config({})))).rows).to.deep.equal([{ content: {} }]);
      await client.query('commit');
      client.release();
      expect((await failure(pool.query(config(circular)))).name).to.equal('TypeError');
      expect((await value(pool.query(config({})))).rows).to.deep.equal([{ content: {} }]);
      expect(connects()).to.equal(1);
    },
  );

  rig.fact(
    'hot-path 5: multi-statement text cannot be named: given it is, then 42601 and the same connection goes on; without a name it works',
    async () => {
      const text = 'select 1 as a; select 2 as b';
      expect((await failure(rig.bare({ max: 1 }).query({ name: 'both', text }))).code).to.equal('42601');

      const pool = rig.resilient({ max: 1 });
      const pid = await backendPid(pool);
      for (let i = 0; i < 2; i++) {
        expect((await failure(pool.query({ name: 'both', text }))).code).to.equal('42601');
        const results = (await value(pool.query(text))) as unknown as pg.QueryResult[];
        expect(results.map(({ rows }) => rows as unknown)).to.deep.equal([[{ a: 1 }], [{ b: 2 }]]);
      }
      expect((await value(pool.query({ name: 'both', text: 'select 3 as c' }))).rows).to.deep.equal([{ c: 3 }]);
      expect(await backendPid(pool)).to.equal(pid);
    },
  );

  interface Changing {
    select: { name: string; text: string };
    addColumn: (name: string) => Promise<unknown>;
  }

  /** A table of one column `a`, to be changed under a statement that names it. */
  async function withTable(work: (changing: Changing) => Promise<void>): Promise<void> {
    const table = `facts_${randomBytes(6).toString('hex')}`;
    await rig.server.query(`create table ${table} (a int)`);
    await work({
      select: { name: 'everything', text: `select * from ${table}` },
      addColumn: (name) => rig.server.query(`alter table ${table} add ${name} int`),
    });
    await rig.server.query(`drop table ${table}`);
  }
});

function columns({ fields }: pg.QueryResult): string[] {
  return fields.map(({ name }) => name);
}

function parsedStatements(client: pg.PoolClient): object {
  return (client as unknown as { connection: { parsedStatements: object } }).connection.parsedStatements;
}

/** What a query's callback was told, each time it was called. */
async function callbacksOf(client: pg.PoolClient, config: pg.QueryConfig): Promise<string[]> {
  const told: string[] = [];
  client.query(config, (error: Error | null) => told.push(error == null ? 'success' : error.name));
  await sleep(100);
  return told;
}
