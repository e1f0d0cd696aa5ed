import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import { dbErrorHandler, DbResilienceError, dbResilience } from '../../lib/index.js';
import type { WouldBe, WouldBeCounts } from '../../lib/index.js';
import { createApp } from '../../bench/faults/app/create-app.js';
import { breakIt, connectionsFor } from '../../bench/faults/break-it.js';
import type { LastingFault } from '../../bench/faults/break-it.js';
import { leave } from '../../bench/faults/leave.js';
import { Load } from '../../bench/faults/load.js';
import { faultNames } from '../../bench/faults/names.js';
import { Rig } from '../../bench/faults/rig.js';

const seconds = 2;
const perSecond = 100;
/** What the running service has set for itself, and what ours would add to it. */
const theirs = { connectionTimeoutMillis: 1500, query_timeout: 1500 };
const ours = { requestTimeoutMs: 500 };

/** What is to be seen of each fault at least. */
const expected: Readonly<Record<LastingFault, readonly WouldBe[]>> = {
  'black-hole': ['deadline'],
  slow: ['deadline'],
  frozen: ['deadline'],
  refuse: ['circuit-open', 'answer'],
  reset: [],
  killed: ['circuit-open', 'answer'],
  'too-many-connections': ['circuit-open', 'answer'],
};

interface Line {
  readonly would_be?: WouldBe;
  readonly count?: number;
}

class Service implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly errors: unknown[] = [];
  readonly #resilience;
  readonly #server;

  private constructor(connectionString: string) {
    const log = (fields: object) => void this.lines.push(fields);
    const resilience = dbResilience({
      connectionString,
      max: 10,
      mode: 'observe',
      requestLog: false,
      ...theirs,
      ...ours,
      logger: { debug: log, info: log, warn: log, error: log },
    });
    const handler = dbErrorHandler();
    const errorHandler: ErrorRequestHandler = (error, req, res, next) =>
      handler(error, req, res, (passed) => {
        this.errors.push(passed);
        if (res.headersSent) next(passed);
        else res.status(500).json({ error: 'the answer of the application itself' });
      });
    const app = createApp({
      pool: resilience.db,
      install: (express) => express.use(resilience),
      db: (req) => req.db,
      protect: (work) => work(),
      errorHandler,
    });
    this.#resilience = resilience;
    this.#server = createServer(app);
  }

  static async start(connectionString: string): Promise<Service> {
    const service = new Service(connectionString);
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get wouldBe(): WouldBeCounts {
    return this.#resilience.db.describe().wouldBe;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    await this.#resilience.close();
  }
}

function expectTold({ lines, wouldBe }: Service): void {
  const logged: Record<string, number> = Object.fromEntries(Object.keys(wouldBe).map((what) => [what, 0]));
  for (const { would_be: what, count = 0 } of lines) if (what !== undefined) logged[what] = (logged[what] ?? 0) + count;
  expect(logged, 'what was logged against what was counted').to.deep.equal(wouldBe);
}

function isOurs(error: unknown): boolean {
  for (let depth = 0; depth < 5 && error instanceof Error; depth++, error = error.cause) {
    if (DbResilienceError.is(error)) return true;
  }
  return false;
}

describe('observe mode in front of a database that fails', function () {
  this.timeout(60_000);
  this.slow(30_000);

  for (const fault of faultNames.filter((name) => name !== 'abandoned')) {
    it(`${fault}: no answer has an error of ours, and whatever would have been done is counted and logged`, async () => {
      await using rig = await Rig.start({ maxConnections: connectionsFor(fault) });
      await using service = await Service.start(rig.connectionString);
      const reads = new Load({ port: service.port, perSecond, method: 'GET', path: '/read' });
      const transactions = new Load({ port: service.port, perSecond: 5, method: 'POST', path: '/transaction' });
      await sleep(500);
      const { healAt, heal } = await breakIt(rig, fault, seconds);
      await sleep(Math.max(0, healAt - performance.now()));
      await heal();
      await rig.healedAt(30_000);
      await sleep(1000);
      const samples = [...(await reads.stop()), ...(await transactions.stop())];
      await service[Symbol.asyncDispose]();

      expect(service.errors.filter(isOurs)).to.deep.equal([]);
      const said = samples.map((sample) => sample.said ?? '').filter((body) => /DB_|express-db-resilience/.test(body));
      expect(said).to.deep.equal([]);
      expect(samples.filter(({ status }) => status !== '200' && status !== '500')).to.deep.equal([]);
      expectTold(service);
      for (const what of expected[fault]) expect(service.wouldBe[what], what).to.be.above(0);
    });
  }

  it('abandoned: what clients leave behind runs on, and is counted and logged', async () => {
    await using rig = await Rig.start();
    await using service = await Service.start(rig.connectionString);
    await Promise.all(
      Array.from({ length: 20 }, () => leave({ port: service.port, method: 'GET', path: '/slow', afterMs: 100 })),
    );
    await sleep(100);
    const { active } = await rig.lookOutside();
    expect(active).to.equal(10);
    await service[Symbol.asyncDispose]();
    expect(service.errors.filter(isOurs)).to.deep.equal([]);
    expectTold(service);
    expect(service.wouldBe['client-left']).to.be.at.least(20);
  });
});
