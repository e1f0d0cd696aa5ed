import { expect } from 'chai';
import { describe } from 'mocha';
import { connect } from 'node:net';
import pg from 'pg';
import { QueryTimeoutError } from '../../../lib/errors/errors.js';
import { backendKey } from '../../../lib/pool/guarded-client.js';
import { startPostgres } from '../../../lib/testing/index.js';
import { lateCancelSettings, runLateCancel, type Runner, type Subject } from '../../support/late-cancel.js';
import { Rig } from './rig.js';

/** The 500 tries take 3 s where nothing else runs. */
const allTriesMs = 25_000;

describe('facts: late cancels', () => {
  const rig = new Rig(() => startPostgres({ settings: lateCancelSettings }));

  rig.fact(
    'hot-path 2: a late cancel hits the next statement: given a cancel that nobody waits for, then it does (or the test below could not fail)',
    async () => {
      const subject = (url: string) => new HastyClient(url);
      const report = await runLateCancel({ server: rig.server, tries: 200, subject });
      expect(report.hits).to.be.greaterThan(0);
      expect(report.reasons).to.deep.equal(['canceling statement due to user request (57014)']);
    },
    allTriesMs,
  );

  rig.fact(
    'hot-path 2: a late cancel hits the next statement: given 500 statements that time out as they complete, then none after them is hit and each caller is told the truth',
    async () => {
      const report = await runLateCancel({ server: rig.server, tries: 500 });
      expect(report).to.include({ hits: 0, otherErrors: 0, untruths: 0, tries: 500 });
      expect(report.timedOut + report.completed).to.equal(500);
      // The race is real: cancels came before and after the end of their statement, on connections that were kept.
      expect(report.timedOut).to.be.greaterThan(50);
      expect(report.completedNonetheless).to.be.greaterThan(10);
      expect(report.connections).to.be.below(50);
    },
    allTriesMs,
  );
});

/** Cancels as many a program does: sends the request when the time is over, and goes on. */
class HastyClient implements Subject, Runner {
  readonly connections = 1;
  readonly #url: string;
  readonly #client: Promise<pg.Client>;
  #first: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
    const client = new pg.Client(url);
    this.#client = client.connect().then(() => client);
  }

  borrow(): Promise<Runner> {
    return Promise.resolve(this);
  }

  release(): void {}

  timed(text: string, values: unknown[], timeoutMs: number): Promise<unknown> {
    const answer = this.#timed(text, values, timeoutMs);
    this.#first = answer.catch(() => undefined);
    return answer;
  }

  async next(text: string): Promise<unknown> {
    await this.#first;
    return (await this.#client).query(text);
  }

  async end(): Promise<void> {
    await (await this.#client).end();
  }

  async #timed(text: string, values: unknown[], timeoutMs: number): Promise<unknown> {
    const client = await this.#client;
    const timer = setTimeout(() => this.#cancel(client), timeoutMs);
    try {
      return await client.query(text, values);
    } catch (cause) {
      throw new QueryTimeoutError(timeoutMs, { outcome: 'rolled-back', cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #cancel(client: pg.Client): void {
    const { hostname, port } = new URL(this.#url);
    const { processId, secretKey } = backendKey(client) as { processId: number; secretKey: number };
    const request = Buffer.alloc(16);
    [16, 80877102, processId, secretKey].forEach((word, index) => request.writeInt32BE(word, index * 4));
    connect(Number(port), hostname)
      .on('error', () => undefined)
      .end(request);
  }
}
