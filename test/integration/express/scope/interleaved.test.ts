import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import type pg from 'pg';
import { detached } from '../../../../lib/index.js';
import type { ResilientPool } from '../../../../lib/index.js';
import { closeServicesAfterEach, service } from './service.js';

const caller = new AsyncLocalStorage<string>();
const shortMs = 150;
const longMs = 20_000;
const nap = 'select pg_sleep($1)';

type Step = (db: ResilientPool, seconds: number) => Promise<unknown>;

/** Ways to run a statement. */
const ways: Record<string, Step> = {
  promise: (db, seconds) => db.query(nap, [seconds]),
  callback: (db, seconds) =>
    new Promise<void>((resolve, reject) => {
      db.query(nap, [seconds], (error: Error | null) => (error == null ? resolve() : reject(error)));
    }),
  client: async (db, seconds) => {
    const client: pg.PoolClient = await db.connect();
    try {
      await client.query('begin');
      await client.query(nap, [seconds]);
      await client.query('commit');
    } finally {
      // A transaction that is not over costs the connection.
      client.release();
    }
  },
};

describe('100 requests, interleaved at random over 3 connections', function () {
  this.timeout(40_000);
  closeServicesAfterEach();

  it('never see the scope of each other', async () => {
    const strangers: string[] = [];
    const before = [
      (req: { headers: { id?: string } }, _res: unknown, next: () => void) => caller.run(req.headers.id ?? '', next),
    ];
    const app = await service({ before, max: 3, requestTimeoutMs: longMs }, ({ app: own, resilience, pool }) => {
      const look = (id: unknown, where: string) => {
        if (caller.getStore() !== id) strangers.push(`${String(id)} saw ${String(caller.getStore())} ${where}`);
      };
      own.get('/short/:way', resilience.deadline(shortMs), async (req, res) => {
        const step = ways[String(req.params.way)];
        for (let turn = 0; turn < 1000; turn++) {
          await step?.(turn % 2 === 0 ? pool : req.db, Math.random() * 0.02).finally(() =>
            look(req.headers.id, 'short'),
          );
        }
        res.json({});
      });
      own.get(['/long/:way', '/detached/:way'], async (req, res) => {
        const step = ways[String(req.params.way)];
        const isDetached = req.path.startsWith('/detached');
        if (isDetached) resilience.deadline(shortMs)(req, res, () => undefined);
        for (let turn = 0; turn < 4; turn++) {
          const db = turn % 2 === 0 ? pool : req.db;
          const run = () => step?.(db, Math.random() * 0.02);
          await (isDetached ? detached(run) : run());
          look(req.headers.id, req.path);
        }
        if (isDetached) await new Promise((resolve) => setTimeout(resolve, shortMs));
        look(req.headers.id, 'at the end');
        res.json({});
      });
    });
    const kinds = ['short', 'long', 'detached'];
    const names = Object.keys(ways);
    const paths = Array.from({ length: 100 }, (_, n) => {
      return `/${String(kinds[n % kinds.length])}/${String(names[Math.floor(n / kinds.length) % names.length])}`;
    });
    const answers = await Promise.all(
      shuffled(paths).map(async (path, n) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
        const { status, text } = await app.call(path, { headers: { id: `request ${String(n)}` } }).answer;
        return { path, status, code: status === 200 ? undefined : (JSON.parse(text) as { code?: string }).code };
      }),
    );
    for (const { path, status, code } of answers) {
      const expected = path.startsWith('/short')
        ? { status: 504, code: 'DB_DEADLINE_EXCEEDED' }
        : { status: 200, code: undefined };
      expect({ status, code }, path).to.deep.equal(expected);
    }
    expect(strangers).to.deep.equal([]);
    expect(app.errors).to.deep.equal([]);
  });
});

function shuffled<T>(values: T[]): T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
