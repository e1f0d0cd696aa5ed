import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import QueryStream from 'pg-query-stream';
import { DeadlineExceededError } from '../../../../lib/index.js';
import { eventually } from '../../../support/settle.js';
import { versions } from '../versions.js';
import { slackMs } from './expect-deadline.js';
import { closeServicesAfterEach, service } from './service.js';
import type { Making, Service } from './service.js';

const requestTimeoutMs = 400;
// In the select list, since FROM would keep them all before the first row.
const endless = `select generate_series(1, 1000000000) as n, repeat('x', 1000) as text`;
// 1 s: each row takes 10 ms.
const slow = 'select n, pg_sleep(0.01) from generate_series(1, 100) n';

describe('a download that a query stream feeds', () => {
  closeServicesAfterEach();

  let failures: unknown[];

  beforeEach(() => {
    failures = [];
  });

  it('is ended at the deadline, and gives its connection back', async () => {
    const app = await service({ requestTimeoutMs, max: 1 }, downloads);
    const { status, complete, text, ms } = await app.call('/endless').answer;
    expect({ status, complete }).to.deep.equal({ status: 200, complete: false });
    expect(text).not.to.equal('');
    expect(ms).to.be.within(requestTimeoutMs, requestTimeoutMs + slackMs);
    await nothingCheckedOut(app);
    expect(failures).to.have.length(1);
    expect(failures[0]).to.be.instanceOf(DeadlineExceededError);
    expect((await app.pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('has its connection closed at the deadline while its reader takes nothing, and is cut off', async () => {
    const app = await service({ requestTimeoutMs, max: 1 }, downloads);
    const started = performance.now();
    const reading = app.call('/endless', { pausesFor: 3 * requestTimeoutMs });
    await app.runs('generate_series');
    await eventually(async () => (await app.running()).length === 0, 2000, 'the server runs nothing');
    expect(performance.now() - started).to.be.within(requestTimeoutMs, requestTimeoutMs + slackMs);
    expect((await app.pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    const { status, complete } = await reading.answer;
    expect({ status, complete }).to.deep.equal({ status: 200, complete: false });
    expect(failures[0]).to.be.instanceOf(DeadlineExceededError);
  });

  it('goes on where the deadline is lifted', async () => {
    const app = await service({ requestTimeoutMs }, downloads);
    const { status, complete, text } = await app.call('/lifted').answer;
    expect({ status, complete, lines: text.trim().split('\n').length }).to.deep.equal({
      status: 200,
      complete: true,
      lines: 100,
    });
    expect(failures).to.deep.equal([]);
    await nothingCheckedOut(app);
  });

  for (const path of ['/endless', '/piped']) {
    it(`is ended where its client leaves (${path === '/piped' ? 'pipe' : 'pipeline'})`, async () => {
      const app = await service({ requestTimeoutMs: 20_000, max: 1 }, downloads);
      let read = 0;
      const { leave } = app.call(path, { onText: (text) => (read += text.length) });
      await eventually(() => read > 100_000, 5000, 'the download has begun');
      leave();
      await eventually(async () => (await app.running()).length === 0, 2000, 'the server runs nothing');
      await nothingCheckedOut(app);
      expect((await app.pool.query<{ one: number }>('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    });
  }

  it('is cancelled on the server where its client leaves before the first row', async () => {
    const app = await service({ requestTimeoutMs: 20_000, max: 1 }, downloads);
    const { leave } = app.call('/sleeping');
    await app.runs('pg_sleep(10)');
    leave();
    await eventually(async () => (await app.running()).length === 0, 500, 'the server runs nothing');
    await nothingCheckedOut(app);
  });

  function downloads({ app, resilience }: Making): void {
    app.get(['/endless', '/sleeping'], async (req, res) => {
      const text = req.path === '/endless' ? endless : 'select n, pg_sleep(10) from generate_series(1, 2) n';
      const client = await req.db.connect();
      try {
        await pipeline(client.query(new QueryStream(text)), lines(), res);
      } catch (error) {
        failures.push(error);
        throw error;
      } finally {
        client.release();
      }
    });
    app.get('/lifted', resilience.deadline(false), async (req, res) => {
      const client = await req.db.connect();
      await pipeline(client.query(new QueryStream(slow)), lines(), res);
      client.release();
    });
    app.get('/piped', async (req, res) => {
      const client = await req.db.connect();
      const stream = client.query(new QueryStream(endless));
      stream.on('error', (error) => {
        failures.push(error);
        res.destroy();
      });
      stream.on('close', () => client.release());
      stream.pipe(lines()).pipe(res);
    });
  }

  async function nothingCheckedOut({ pool }: Service): Promise<void> {
    await eventually(() => pool.totalCount === pool.idleCount, 2000, 'nothing is checked out');
  }
});

function lines(): Transform {
  return new Transform({
    writableObjectMode: true,
    transform: (row: object, _encoding, done) => done(null, `${JSON.stringify(row)}\n`),
  });
}

for (const version of versions) {
  describe(`${version.name}: a download`, () => {
    closeServicesAfterEach();

    it('is ended at the deadline', async () => {
      const app = await service({ version, requestTimeoutMs }, ({ app: own, route }) => {
        own.get(
          '/',
          route(async (req, res) => {
            const client = await req.db.connect();
            try {
              await pipeline(client.query(new QueryStream(endless)), lines(), res);
            } finally {
              client.release();
            }
          }),
        );
      });
      const { complete, ms } = await app.call('/').answer;
      expect(complete).to.equal(false);
      expect(ms).to.be.within(requestTimeoutMs, requestTimeoutMs + slackMs);
    });
  });
}
