import { once } from 'node:events';
import { expect } from 'chai';
import { DeadlineExceededError, detached, runWithDeadline } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { failureOf } from '../../compat/failure-of.js';
import { expectDeadline, slackMs } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';

const requestTimeoutMs = 300;

describe('detached in a request', () => {
  closeServicesAfterEach();

  it('leaves its deadline, with req.db as well', async () => {
    const counts: unknown[] = [];
    const app = await service({ requestTimeoutMs }, ({ app: own, pool }) => {
      own.get('/', async (req) => {
        for (const db of [pool, req.db]) {
          void detached(() => db.query('select pg_sleep(0.5)')).then(({ rowCount }) => counts.push(rowCount));
        }
        void detached(async () => {
          const client = await req.db.connect();
          await client.query('begin');
          await client.query('select pg_sleep(0.5)');
          await client.query('commit');
          client.release();
          counts.push(1);
        });
        await req.db.query('select pg_sleep(10)');
      });
    });
    expectDeadline(await app.call('/').answer, requestTimeoutMs);
    await eventually(() => counts.length === 3, 5000, 'all are done');
    expect(counts).to.deep.equal([1, 1, 1]);
  });

  it('is not ended where its client leaves', async () => {
    const outcomes: unknown[] = [];
    const app = await service({}, ({ app: own }) => {
      own.get('/', async (req, res) => {
        const running = detached(() => req.db.query('select pg_sleep(0.5)'));
        await once(res, 'close');
        outcomes.push((await running).rowCount);
        outcomes.push((await detached(() => req.db.query('select 1'))).rowCount);
        outcomes.push((await failureOf(req.db.query('select 1'))).name);
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(0.5)');
    leave();
    await eventually(() => outcomes.length === 3, 5000, 'all are done');
    expect(outcomes).to.deep.equal([1, 1, 'CancelledError']);
  });

  for (const [which, requestMs] of [
    ['an earlier', 20_000],
    ['a later', 100],
  ] as const) {
    it(`can be given ${which} deadline, which binds req.db as well`, async () => {
      const app = await service({ requestTimeoutMs: requestMs }, ({ app: own, pool }) => {
        own.get('/', async (req, res) => {
          const ends = await Promise.all(
            [pool, req.db].map((db) =>
              failureOf(detached(() => runWithDeadline(300, () => db.query('select pg_sleep(10)')))),
            ),
          );
          res.json(ends.map(({ deadlineMs, outcome }) => [deadlineMs, outcome]));
        });
      });
      const { text, ms } = await app.call('/').answer;
      const end = [300, 'rolled-back'];
      expect(JSON.parse(text)).to.deep.equal([end, end]);
      expect(ms).to.be.within(300, 300 + slackMs);
    });
  }
});

describe('runWithDeadline in a request', () => {
  closeServicesAfterEach();

  it('ends before the request where its own deadline is the earlier one, and the request goes on', async () => {
    const app = await service({ requestTimeoutMs: 20_000 }, ({ app: own, pool }) => {
      own.get('/', async (req, res) => {
        const failures = await Promise.all(
          [pool, req.db].map((db) => failureOf(runWithDeadline(250, () => db.query('select pg_sleep(10)')))),
        );
        const { rowCount } = await req.db.query('select pg_sleep(0.2)');
        res.json({ ends: failures.map(({ name, deadlineMs }) => [name, deadlineMs]), rowCount });
      });
    });
    const { status, text, ms } = await app.call('/').answer;
    expect(status).to.equal(200);
    const ended = ['DeadlineExceededError', 250];
    expect(JSON.parse(text)).to.deep.equal({ ends: [ended, ended], rowCount: 1 });
    expect(ms).to.be.within(450, 450 + slackMs);
  });

  it('ends with the request where the deadline of the request is the earlier one', async () => {
    const failures: unknown[] = [];
    const app = await service({ requestTimeoutMs }, ({ app: own, pool }) => {
      own.get('/', async () => {
        const failure = await failureOf(runWithDeadline(20_000, () => pool.query('select pg_sleep(10)')));
        failures.push(failure);
        throw failure;
      });
    });
    expectDeadline(await app.call('/').answer, requestTimeoutMs);
    expect(failures[0]).to.be.instanceOf(DeadlineExceededError);
    expect(failures[0]).to.include({ deadlineMs: requestTimeoutMs });
  });

  it('follows the deadline of the request when that is moved', async () => {
    const app = await service({ requestTimeoutMs }, ({ app: own, pool, resilience }) => {
      own.get('/', async (req, res) => {
        const running = runWithDeadline(20_000, () => pool.query('select pg_sleep(0.6)'));
        resilience.deadline(20_000)(req, res, () => undefined);
        res.json((await running).rowCount);
      });
    });
    expect((await app.call('/').answer).text).to.equal('1');
  });

  it('ends at once when the deadline of the request is brought forward', async () => {
    const app = await service({ requestTimeoutMs: 20_000 }, ({ app: own, pool, resilience }) => {
      own.get('/', async (req, res) => {
        const running = runWithDeadline(20_000, () => pool.query('select pg_sleep(10)'));
        resilience.deadline(requestTimeoutMs)(req, res, () => undefined);
        await running;
      });
    });
    expectDeadline(await app.call('/').answer, requestTimeoutMs);
  });

  it('is left by the client of the request', async () => {
    const names: string[] = [];
    const app = await service({}, ({ app: own, pool }) => {
      own.get('/', async () => {
        const { name } = await failureOf(runWithDeadline(20_000, () => pool.query('select pg_sleep(20)')));
        names.push(name);
      });
    });
    const { leave } = app.call('/');
    await app.runs('pg_sleep(20)');
    leave();
    await eventually(() => names.length === 1, 1000, 'it is told');
    expect(names).to.deep.equal(['CancelledError']);
  });

  it('keeps its own deadline when the answer is out before it', async () => {
    const failures: unknown[] = [];
    const app = await service({ requestTimeoutMs: 20_000 }, ({ app: own, pool }) => {
      own.get('/', (_req, res) => {
        const work = runWithDeadline(300, async () => {
          await pool.query('select pg_sleep(0.1)');
          await pool.query('select pg_sleep(10)');
        });
        void failureOf(work).then((failure) => failures.push(failure));
        res.json({});
      });
    });
    expect((await app.call('/').answer).status).to.equal(200);
    await eventually(() => failures.length === 1, 5000, 'it ends');
    expect(failures[0]).to.include({ code: 'DB_DEADLINE_EXCEEDED', deadlineMs: 300 });
  });

  it('binds req.db where it begins after the answer', async () => {
    const failures: unknown[] = [];
    const app = await service({}, ({ app: own, pool }) => {
      own.get('/', (req, res) => {
        res.json({});
        setTimeout(() => {
          for (const db of [pool, req.db]) {
            const work = runWithDeadline(300, () => db.query('select pg_sleep(10)'));
            void failureOf(work).then((failure) => failures.push(failure));
          }
        }, 50);
      });
    });
    await app.call('/').answer;
    await eventually(() => failures.length === 2, 5000, 'both end');
    for (const failure of failures) {
      expect(failure).to.include({ code: 'DB_DEADLINE_EXCEEDED', deadlineMs: 300, outcome: 'rolled-back' });
    }
  });
});
