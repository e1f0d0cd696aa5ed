import { promisify } from 'node:util';
import connectPgSimple from 'connect-pg-simple';
import { expect } from 'chai';
import express from 'express';
import session from 'express-session';
import pg from 'pg';
import request from 'supertest';
import { ResilientPool } from '../../../lib/index.js';
import { eventually } from './eventually.js';
import { failureOf } from './failure-of.js';
import { expectNothingCheckedOut, testDatabase, type TestDatabase } from './test-database.js';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

const PgStore = connectPgSimple(session);
type Store = InstanceType<typeof PgStore>;

describe('connect-pg-simple on a ResilientPool', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let store: Store;
  const logged: unknown[][] = [];

  before(async () => {
    database = await testDatabase();
    pool = new ResilientPool({ connectionString: database.connectionString, max: 4 });
  });

  beforeEach(() => {
    logged.length = 0;
    store = new PgStore({
      pool,
      createTableIfMissing: true,
      pruneSessionInterval: 1,
      errorLog: (...args: unknown[]) => logged.push(args),
    });
  });

  afterEach(async () => {
    store.close();
    await expectNothingCheckedOut(pool, database);
  });

  after(() => pool.end());

  it('keeps a session from one request to the next', async () => {
    const agent = request.agent(application());
    expect((await agent.get('/')).body).to.deep.equal({ visits: 1 });
    expect((await agent.get('/')).body).to.deep.equal({ visits: 2 });
    const { rows } = await pool.query<{ visits: string }>("select sess->>'visits' as visits from session");
    expect(rows).to.deep.equal([{ visits: '2' }]);
  });

  it('keeps the sessions of many clients at once apart', async () => {
    const app = application();
    const agents = Array.from({ length: 12 }, () => request.agent(app));
    await Promise.all(agents.map((agent) => agent.get('/')));
    const answers = await Promise.all(agents.map((agent) => agent.get('/')));
    expect(answers.map((answer) => answer.body as unknown)).to.deep.equal(agents.map(() => ({ visits: 2 })));
  });

  it('destroys a session', async () => {
    const agent = request.agent(application());
    await agent.get('/');
    await agent.post('/logout').expect(204);
    expect((await agent.get('/')).body).to.deep.equal({ visits: 1 });
  });

  it('prunes expired sessions by its timer, which the first request started', async () => {
    await request(application()).get('/');
    await pool.query("insert into session (sid, sess, expire) values ('old', '{}', now() - interval '1 hour')");
    await eventually(async () => {
      const { rows } = await pool.query("select 1 from session where sid = 'old'");
      expect(rows).to.deep.equal([]);
    }, 8000);
    expect(logged).to.deep.equal([]);
  });

  it("passes the database's own error on", async () => {
    const agent = request.agent(application());
    await agent.get('/');
    await pool.query('alter table session rename to elsewhere');
    try {
      const failure = await failureOf(promisify(store.get.bind(store))('anything'));
      expect(failure).to.be.instanceOf(pg.DatabaseError);
      expect(failure).to.include({ code: '42P01' });
      await agent.get('/').expect(500);
    } finally {
      await pool.query('alter table elsewhere rename to session');
    }
  });

  function application(): express.Express {
    const app = express();
    app.use(session({ store, secret: 'for this test', resave: false, saveUninitialized: false }));
    app.get('/', (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1;
      res.json({ visits: req.session.visits });
    });
    app.post('/logout', (req, res) => {
      req.session.destroy(() => res.status(204).end());
    });
    app.use(((_error, _req, res, _next) => {
      res.status(500).end();
    }) satisfies express.ErrorRequestHandler);
    return app;
  }
});
