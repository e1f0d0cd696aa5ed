import { expect } from 'chai';
import { describe } from 'mocha';
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { Rig, value } from './rig.js';

const request = new AsyncLocalStorage<string>();

type Pool = pg.Pool | ReturnType<Rig['resilient']>;

describe('facts: the AsyncLocalStorage context of callbacks and events', () => {
  const rig = new Rig();

  /** What a form of call does in pg.Pool and in ours, on the pool's only connection, which request `opener` opened. */
  async function contexts(form: (pool: Pool) => Promise<unknown>): Promise<{ bare: unknown; ours: unknown }> {
    const pools = [rig.bare({ max: 1 }), rig.resilient({ max: 1 })];
    for (const pool of pools) await request.run('opener', () => value(pool.query('select 1')));
    const [bare, ours] = await Promise.all(pools.map(form));
    return { bare, ours };
  }

  rig.fact(
    "pg-failures: pool.query(text, cb) runs in the context of the request that opened the connection: given another caller, then it is that caller's",
    async () => {
      for (const text of ['select 1', 'select 1 from nowhere']) {
        const form = (pool: Pool) => contextOf('caller', (told) => pool.query(text, told));
        expect(await contexts(form)).to.deep.equal({ bare: 'opener', ours: 'caller' });
      }
    },
  );

  rig.fact(
    "pg-failures: connect(cb) runs in the context of the request that opened the connection: given it waited behind a statement, then it is its caller's",
    async () => {
      const form = (pool: Pool) => {
        request.run('neighbour', () => pool.query('select pg_sleep(0.05)', () => undefined));
        return connectContext(pool);
      };
      expect(await contexts(form)).to.deep.equal({ bare: 'opener', ours: 'caller' });
    },
  );

  rig.fact(
    "pg-failures: cursor events run in the context of the request that opened the connection: given a cursor of another caller, then they are that caller's",
    async () => {
      const form = async (pool: Pool) => {
        const client = await value(pool.connect());
        const read = await contextOf('caller', (told) => openCursor(client).read(5, told));
        const row = await contextOf('caller', (told) => openCursor(client).once('row', told).read(5, ignore));
        const end = await contextOf('caller', (told) => openCursor(client).once('end', told).read(5, ignore));
        await client.query('select 1');
        client.release();
        return [read, row, end];
      };
      const { bare, ours } = await contexts(form);
      expect(bare).to.deep.equal(['opener', 'opener', 'opener']);
      expect(ours).to.deep.equal(['caller', 'caller', 'caller']);
    },
  );

  rig.fact(
    "hot-path 8: a waiting pool.connect(cb) runs in the releaser's context: given another request releases, then it is its caller's",
    async () => {
      const form = async (pool: Pool) => {
        const client = await value(pool.connect());
        const context = connectContext(pool);
        request.run('releaser', () => client.release());
        return context;
      };
      expect(await contexts(form)).to.deep.equal({ bare: 'releaser', ours: 'caller' });
    },
  );

  rig.fact(
    "hot-path 8: pool.query(…, cb) sees no context: given a connection that was opened outside requests, then the callback runs in its caller's",
    async () => {
      const form = (pool: Pool) => contextOf('caller', (told) => pool.query('select $1::int', [1], told));
      const bare = rig.bare({ max: 1 });
      const ours = rig.resilient({ max: 1 });
      for (const pool of [bare, ours]) await value(pool.query('select 1'));
      expect(await form(bare)).to.equal(undefined);
      expect(await form(ours)).to.equal('caller');

      const waiting = Promise.all([form(ours), form(ours), form(ours)]);
      expect(await waiting).to.deep.equal(['caller', 'caller', 'caller']);
    },
  );

  rig.fact(
    "hot-path 8: a waiting pool.connect(cb) that times out: given timers that others set, then it is told in its caller's context",
    async () => {
      const pool = rig.resilient({ max: 1, acquireTimeoutMs: 1000 });
      const client = await pool.connect();
      const first = request.run('first', () => pool.connect().catch(() => undefined));
      expect(await connectContext(pool)).to.equal('caller');
      await first;
      client.release();
    },
  );
});

/** In which context a callback is called that was handed over in the context of `caller`. */
function contextOf(caller: string, start: (told: () => void) => unknown): Promise<string | undefined> {
  const told = new Promise<string | undefined>((resolve) => {
    request.run(caller, start, () => resolve(request.getStore()));
  });
  return value(told);
}

function connectContext(pool: Pool): Promise<string | undefined> {
  return contextOf('caller', (told) => {
    void pool.connect((_error, _client, done) => {
      told();
      done();
    });
  });
}

function openCursor(client: pg.PoolClient): Cursor {
  return client.query(new Cursor('select 1 as n'));
}

function ignore(): void {}
