import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import type { Request } from 'express';
import request from 'supertest';
import { dbResilience, runWithDeadline } from '../../../lib/index.js';
import type { DbResilience, WouldBeCounts } from '../../../lib/index.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

describe("mode: 'observe' in a request", () => {
  let database: TestDatabase;
  let resilience: DbResilience;

  before(async () => {
    database = await testDatabase();
  });
  beforeEach(() => {
    const { connectionString } = database;
    resilience = dbResilience({ connectionString, mode: 'observe', max: 1, requestTimeoutMs: 200, requestLog: false });
  });
  afterEach(() => resilience.close());

  /** What is counted of a request that does this. */
  async function counted(work: (req: Request) => Promise<unknown>): Promise<WouldBeCounts> {
    const app = express();
    app.use(resilience);
    app.get('/', async (req, res) => {
      await work(req);
      res.json(resilience.db.describe().wouldBe);
    });
    const { status, body, text } = await request(app).get('/');
    expect(status, text).to.equal(200);
    return body as WouldBeCounts;
  }

  const slow = 'select pg_sleep(0.15)';

  it('counts a statement that begins after the deadline once', async () => {
    const { deadline } = await counted(async (req) => {
      await sleep(250);
      await req.db.query(slow);
    });
    expect(deadline).to.equal(1);
  });

  it('counts one that waits for its connection until after the deadline, and runs then, once', async () => {
    const { deadline } = await counted(async (req) => {
      const client = await resilience.db.connect();
      setTimeout(() => client.release(), 300);
      await req.db.query(slow);
    });
    expect(deadline).to.equal(1);
  });

  it('counts one that begins to wait after the deadline once', async () => {
    const { deadline } = await counted(async (req) => {
      const client = await resilience.db.connect();
      await sleep(250);
      setTimeout(() => client.release(), 100);
      await req.db.query(slow);
    });
    expect(deadline).to.equal(1);
  });

  it('leaves runWithDeadline the time that it was given by hand', async () => {
    const { deadline } = await counted((req) => runWithDeadline(5000, () => req.db.query('select pg_sleep(0.4)')));
    expect(deadline).to.equal(1);
    await counted(async (req) => {
      const error = await failureOf(runWithDeadline(100, () => req.db.query('select pg_sleep(5)')));
      expect(error).to.include({ code: 'DB_DEADLINE_EXCEEDED', deadlineMs: 100 });
    });
  });
});
