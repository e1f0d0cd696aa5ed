import { expect } from 'chai';
import { DeadlineExceededError } from '../../../../lib/index.js';
import { startPostgres } from '../../../../lib/testing/index.js';
import type { PostgresServer } from '../../../../lib/testing/index.js';
import { eventually } from '../../../support/settle.js';
import { backendOf } from '../../compat/backend-of.js';
import { failureOf } from '../../compat/failure-of.js';
import { versions } from '../versions.js';
import { expectDeadline, slackMs } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';

const requestTimeoutMs = 300;

for (const version of versions) {
  describe(`${version.name}: the deadline of a request`, () => {
    closeServicesAfterEach();

    it('answers a slow read 504, and has it leave the server', async () => {
      const app = await service({ version, requestTimeoutMs }, ({ app, route }) => {
        app.get(
          '/',
          route(async (req) => void (await req.db.query('select pg_sleep(10)'))),
        );
      });
      expectDeadline(await app.call('/').answer, requestTimeoutMs);
      await eventually(async () => (await app.running()).length === 0, 500, 'the server runs nothing');
    });

    it('answers 504 while all connections are taken', async () => {
      const app = await service({ version, requestTimeoutMs, max: 1 }, ({ app, route }) => {
        app.get(
          '/query',
          route(async (req) => void (await req.db.query('select 1'))),
        );
        app.get(
          '/connect',
          route(async (req) => (await req.db.connect()).release()),
        );
      });
      const held = await app.pool.connect();
      for (const path of ['/query', '/connect']) {
        const answer = await app.call(path).answer;
        expectDeadline(answer, requestTimeoutMs);
        expect(JSON.parse(answer.text)).to.include({ outcome: 'not-executed', retryable: true });
      }
      expect(app.pool.waitingCount).to.equal(0);
      held.release();
    });

    it('is one for all statements of the request', async () => {
      let done = 0;
      const app = await service({ version, requestTimeoutMs: 600 }, ({ app, route }) => {
        app.get(
          '/',
          route(async (req) => {
            for (; done < 1000; done++) await req.db.query('select pg_sleep(0.1)');
          }),
        );
      });
      expectDeadline(await app.call('/').answer, 600);
      expect(done).to.be.within(1, 6);
    });
  });
}

describe('the deadline of a request', () => {
  closeServicesAfterEach();

  it('is counted for each request by itself', async () => {
    const app = await service({ requestTimeoutMs }, ({ app }) => {
      app.get('/:seconds', async (req, res) => {
        await req.db.query('select pg_sleep($1)', [req.params.seconds]);
        res.json({});
      });
    });
    for (let turn = 0; turn < 4; turn++) expect((await app.call('/0.1').answer).status).to.equal(200);
    const [slow, quick] = await Promise.all([app.call('/10').answer, app.call('/0.01').answer]);
    expectDeadline(slow, requestTimeoutMs);
    expect(quick.status).to.equal(200);
  });

  it('refuses what begins after it without sending it', async () => {
    const failures: unknown[] = [];
    const app = await service({ requestTimeoutMs, max: 2 }, ({ app }) => {
      app.get('/', async (req, res) => {
        const client = await req.db.connect();
        await failureOf(client.query('select pg_sleep(10)'));
        failures.push(await failureOf(client.query('create table of_a_late_request (n int)')));
        client.release();
        failures.push(await failureOf(req.db.query('create table of_a_late_request (n int)')));
        failures.push(await failureOf(req.db.connect()));
        res.json({});
      });
    });
    const { ms } = await app.call('/').answer;
    expect(ms).to.be.below(requestTimeoutMs + slackMs);
    expect(failures).to.have.length(3);
    for (const failure of failures) {
      expect(failure).to.be.instanceOf(DeadlineExceededError);
      expect(failure).to.include({ outcome: 'not-executed', deadlineMs: requestTimeoutMs });
    }
    expect((await app.pool.query(`select to_regclass('of_a_late_request') as found`)).rows).to.deep.equal([
      { found: null },
    ]);
  });

  it('does not hold back the ROLLBACK of a transaction, whose connection is used again', async () => {
    const backends: number[] = [];
    const app = await service({ requestTimeoutMs, max: 1 }, ({ app }) => {
      app.get('/', async (req) => {
        const client = await req.db.connect();
        backends.push(backendOf(client));
        try {
          await client.query('begin');
          await client.query('create table of_a_transaction (n int)');
          await client.query('select pg_sleep(10)');
        } catch (error) {
          await client.query('rollback');
          throw error;
        } finally {
          client.release();
        }
      });
    });
    expectDeadline(await app.call('/').answer, requestTimeoutMs);
    const client = await app.pool.connect();
    backends.push(backendOf(client));
    const { rows } = await client.query(`select to_regclass('of_a_transaction') as found`);
    client.release();
    expect(rows).to.deep.equal([{ found: null }]);
    expect(backends[1]).to.equal(backends[0]);
  });

  it('ends nothing where there is none', async () => {
    const app = await service({ requestTimeoutMs: false }, ({ app }) => {
      app.get('/', async (req, res) => {
        await req.db.query('select pg_sleep(0.5)');
        res.json({});
      });
    });
    expect((await app.call('/').answer).status).to.equal(200);
  });
});

describe('the deadline of a request to a server that is frozen', function () {
  this.timeout(30_000);
  closeServicesAfterEach();

  let postgres: PostgresServer;

  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());
  afterEach(() => postgres.resume());

  it('answers 504 where a connection is at hand', async () => {
    const app = await service({ postgres, requestTimeoutMs, pingAfterIdleMs: false }, ({ app }) => {
      app.get('/', async (req) => void (await req.db.query('select 1')));
    });
    await app.pool.query('select 1');
    await postgres.freeze();
    const answer = await app.call('/').answer;
    await postgres.resume();
    expectDeadline(answer, requestTimeoutMs);
    expect(JSON.parse(answer.text)).to.include({ outcome: 'unknown', retryable: false });
  });

  it('answers 504 where a connection has to be asked for a sign of life first', async () => {
    const app = await service({ postgres, requestTimeoutMs, pingAfterIdleMs: 0 }, ({ app }) => {
      app.get('/', async (req) => void (await req.db.query('select 1')));
    });
    await app.pool.query('select 1');
    await new Promise((resolve) => setTimeout(resolve, 10));
    await postgres.freeze();
    const answer = await app.call('/').answer;
    await postgres.resume();
    expectDeadline(answer, requestTimeoutMs);
    expect(JSON.parse(answer.text)).to.include({ outcome: 'not-executed', retryable: true });
  });

  it('answers 504 where a connection has to be opened', async () => {
    await postgres.freeze();
    const app = await service({ postgres, requestTimeoutMs, unready: true }, ({ app }) => {
      app.get('/', async (req) => void (await req.db.query('select 1')));
    });
    const answer = await app.call('/').answer;
    await postgres.resume();
    expectDeadline(answer, requestTimeoutMs);
    expect(JSON.parse(answer.text)).to.include({ outcome: 'not-executed', retryable: true });
  });

  it('answers 504 without waiting for the ROLLBACK of a transaction', async () => {
    const app = await service({ postgres, requestTimeoutMs }, ({ app }) => {
      app.get('/', async (req) => {
        const client = await req.db.connect();
        await client.query('begin');
        await postgres.freeze();
        try {
          await client.query('select 1');
        } catch (error) {
          await client.query('rollback').catch(() => undefined);
          throw error;
        } finally {
          client.release();
        }
      });
    });
    const answer = await app.call('/').answer;
    await postgres.resume();
    expectDeadline(answer, requestTimeoutMs);
  });
});
