import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { eventually } from '../../../support/settle.js';
import { versions } from '../versions.js';
import { closeServicesAfterEach, service } from './service.js';
import type { Making, Service } from './service.js';

/** The application's own, beside that of the package. */
const caller = new AsyncLocalStorage<string>();
/** What each call saw, under the id of the request that made it. */
const seen = new Map<string, (string | undefined)[]>();
const ids = Array.from({ length: 12 }, (_, n) => `request ${String(n)}`);
const callers = {
  before: [
    (req: { headers: { id?: string } }, _res: unknown, next: () => void) => caller.run(req.headers.id ?? '', next),
  ],
};

function see(id: unknown): void {
  seen.get(id as string)?.push(caller.getStore());
}

/** All at once, over one connection, which one of them opens: the pool has two, and one is taken. */
async function all(app: Service): Promise<void> {
  await eventually(() => app.pool.idleCount === 1, 5000, 'one connection is there, and free');
  const taken = await app.pool.connect();
  expect(app.pool.totalCount).to.equal(1);
  const answers = await Promise.all(ids.map((id) => app.call('/', { headers: { id } }).answer));
  taken.release();
  expect(answers.map(({ status }) => status)).to.deep.equal(ids.map(() => 200));
}

function expectOwn(times: number): void {
  for (const id of ids) expect(seen.get(id), id).to.deep.equal(Array.from({ length: times }, () => id));
}

describe('callbacks run in the context of their caller', () => {
  closeServicesAfterEach();
  beforeEach(() => {
    seen.clear();
    for (const id of ids) seen.set(id, []);
  });

  for (const version of versions) {
    it(`of pool.query (${version.name})`, async () => {
      const app = await service({ ...callers, version, max: 2, min: 1 }, ({ app: own, pool }) => {
        own.get('/', (req, res, next) => {
          req.db.query('select pg_sleep(0.01)', (error: Error | null) => {
            see(req.headers.id);
            if (error !== null) return next(error);
            pool.query({ text: 'select $1::text', values: ['x'] }, (failure) => {
              see(req.headers.id);
              pool.query('select 1 / 0', () => {
                see(req.headers.id);
                res.json(failure);
              });
            });
          });
        });
      });
      await all(app);
      expectOwn(3);
    });
  }

  it('of connect, of the client and of done', async () => {
    const app = await service({ ...callers, max: 2, min: 1 }, ({ app: own, pool }) => {
      own.get('/', (req, res, next) => {
        pool.connect((error, client, done) => {
          see(req.headers.id);
          if (client === undefined) return next(error);
          client.query('select 1', () => {
            see(req.headers.id);
            client.query('select 1 / 0', () => {
              see(req.headers.id);
              done();
              res.json({});
            });
          });
        });
      });
    });
    await all(app);
    expectOwn(3);
  });

  it('of a cursor', async () => {
    const app = await service({ ...callers, max: 2, min: 1 }, ({ app: own }) => {
      own.get('/', async (req, res) => {
        const client = await req.db.connect();
        const cursor = client.query(new Cursor('select generate_series(1, 5)'));
        cursor.on('end', () => see(req.headers.id));
        cursor.read(3, () => {
          see(req.headers.id);
          cursor.read(3, (_error, rows) => {
            see(req.headers.id);
            void cursor.close(() => {
              see(req.headers.id);
              client.release();
              res.json(rows);
            });
          });
        });
      });
    });
    await all(app);
    expectOwn(4);
  });

  it('where the deadline has passed, and where the wait for a connection has ended', async () => {
    const app = await service({ ...callers, max: 2, min: 1, requestTimeoutMs: 200 }, ({ app: own, pool }) => {
      own.get('/', (req, res) => {
        pool.query('select pg_sleep(10)', (error) => {
          see(req.headers.id);
          expect(error).to.have.property('code', 'DB_DEADLINE_EXCEEDED');
          pool.query('select 1', () => {
            see(req.headers.id);
            res.json({});
          });
        });
      });
    });
    await all(app);
    expectOwn(2);
  });
});

describe("the pool's events", () => {
  closeServicesAfterEach();

  const told: Record<'connect' | 'acquire' | 'release', (string | undefined)[]> = {
    connect: [],
    acquire: [],
    release: [],
  };
  beforeEach(() => {
    for (const name of ['connect', 'acquire', 'release'] as const) told[name] = [];
  });

  function listen(pool: Making['pool']): void {
    pool.on('connect', () => told.connect.push(caller.getStore()));
    pool.on('acquire', () => told.acquire.push(caller.getStore()));
    pool.on('release', () => told.release.push(caller.getStore()));
  }

  it('come in the context of whoever checks a client out and gives it back', async () => {
    const order: string[] = [];
    const app = await service({ ...callers, max: 2, min: 1 }, ({ app: own, pool }) => {
      listen(pool);
      own.get('/', async (req, res) => {
        const client: pg.PoolClient = await req.db.connect();
        order.push(String(req.headers.id));
        await client.query('select pg_sleep(0.01)');
        client.release();
        res.json({});
      });
    });
    await all(app);
    expect(order).to.have.members(ids);
    expect(told.acquire.filter((id) => id !== undefined)).to.deep.equal(order);
    expect(told.release.filter((id) => id !== undefined)).to.deep.equal(order);
    expect(told.connect).to.deep.equal([undefined, undefined]);
  });

  it('come in no context of another where a statement is run', async () => {
    const order: string[] = [];
    const app = await service({ ...callers, max: 2, min: 1 }, ({ app: own, pool }) => {
      listen(pool);
      own.get('/', async (req, res) => {
        await req.db.query('select pg_sleep(0.01)');
        order.push(String(req.headers.id));
        res.json({});
      });
    });
    await all(app);
    expect(told.acquire.filter((id) => id !== undefined)).to.deep.equal(order);
    for (const [n, id] of told.release.entries()) expect(id, String(n)).to.be.oneOf([undefined, order[n]]);
    expect(told.connect).to.deep.equal([undefined, undefined]);
  });
});
