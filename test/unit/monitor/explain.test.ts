import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { Explainer, type ExplainerOptions } from '../../../lib/monitor/explain.js';
import type { Inspect } from '../../../lib/monitor/inspect.js';

const hour = 3_600_000;

describe('Explainer', () => {
  const statements = new Statements();
  let now: number;
  let told: object[];
  /** Pieces of work that wait to be answered. */
  let asked: { resolve: (plan: unknown) => void; reject: (error: unknown) => void }[];
  let count: number;
  let explainer: Explainer;

  const inspect: Inspect = <T>() =>
    new Promise<T>((resolve, reject) => {
      count += 1;
      asked.push({ resolve: (plan) => resolve(plan as T), reject });
    });
  function make(options: Partial<ExplainerOptions> = {}): void {
    now = 0;
    count = 0;
    told = [];
    asked = [];
    const logger = { ...silentLogger, debug: (fields: object) => void told.push(fields) };
    explainer = new Explainer({ inspect, logger, name: 'main', now: () => now, ...options });
  }
  beforeEach(() => make());

  const ask = (table: string) => {
    const text = `select * from ${table}`;
    return explainer.plan(statements.of(text), text);
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  async function answer(plan: unknown = [{ Plan: { Filter: "'secret'", 'Plan Rows': 1 } }]): Promise<void> {
    asked.shift()!.resolve(plan);
    await turn();
  }
  async function fail(error: unknown): Promise<void> {
    asked.shift()!.reject(error);
    await turn();
  }
  const databaseError = (code: string) => Object.assign(new Error('secret'), { code, severity: 'ERROR' });
  const redacted = [{ Plan: { Filter: '?', 'Plan Rows': 1 } }];

  it('asks once an hour for the plan of a statement, whatever its values, and gives it without them', async () => {
    const first = ask('t where a = 1');
    const second = ask('t where a = 2');
    await answer();
    expect(await first).to.deep.equal(redacted);
    expect(await second).to.deep.equal(redacted);
    now = hour - 1;
    expect(await ask('t where a = 3')).to.deep.equal(redacted);
    expect(count).to.equal(1);
    now = hour;
    const again = ask('t where a = 4');
    expect(count).to.equal(2);
    await answer([{ Plan: { 'Plan Rows': 2 } }]);
    expect(await again).to.deep.equal([{ Plan: { 'Plan Rows': 2 } }]);
  });

  it('explains one statement at a time, lets one wait, and leaves the others for later', async () => {
    const first = ask('a');
    const second = ask('b');
    expect(await ask('c')).to.equal(undefined);
    expect(count).to.equal(1);
    await answer();
    expect(await first).to.deep.equal(redacted);
    expect(count).to.equal(2);
    await answer();
    expect(await second).to.deep.equal(redacted);
    void ask('c');
    expect(count).to.equal(3);
  });

  it('does not ask again within the hour where the server has refused the statement', async () => {
    const first = ask('a');
    await fail(databaseError('42P01'));
    expect(await first).to.equal(undefined);
    now = hour - 1;
    expect(await ask('a')).to.equal(undefined);
    expect(count).to.equal(1);
    expect(told).to.deep.equal([{ pool: 'main', fingerprint: statements.of('select * from a').id, error: '42P01' }]);
  });

  it('asks again after a minute where something else has failed', async () => {
    const codes = ['55P03', '57014', '57P01', '57P03', '53300', '08006'];
    for (const error of [new Error('secret'), ...codes.map(databaseError), undefined]) {
      make();
      void ask('a');
      await fail(error);
      now = 59_999;
      expect(await ask('a')).to.equal(undefined);
      expect(count).to.equal(1);
      now = 60_000;
      void ask('a');
      expect(count).to.equal(2);
      expect(JSON.stringify(told)).to.not.contain('secret');
    }
  });

  it('explains no more statements in an hour than it may', async () => {
    make({ most: 2 });
    for (const table of ['a', 'b']) {
      void ask(table);
      await answer();
      now += 1000;
    }
    expect(await ask('c')).to.equal(undefined);
    expect(count).to.equal(2);
    now = hour;
    void ask('c');
    expect(count, 'the place of the first one').to.equal(3);
    await answer();
    expect(await ask('d')).to.equal(undefined);
    expect(await ask('b')).to.deep.equal(redacted);
  });

  it('lets go of the oldest plans where all of them are large', async () => {
    const large = [{ Plan: { Output: Array<string>(2000).fill('a.b.c') } }];
    for (let index = 0; index < 100; index++) {
      void ask(`t${'x'.repeat(index)}`);
      await answer(large);
    }
    expect(await ask('t')).to.equal(undefined);
    expect(await ask(`t${'x'.repeat(99)}`)).to.be.an('array');
    expect(count, 'and does not ask for them anew').to.equal(100);
  });

  it('takes no text that is too long', async () => {
    expect(await ask(`t where a = '${'x'.repeat(100_000)}'`)).to.equal(undefined);
    expect(count).to.equal(0);
  });

  it('tells whoever waits that there is no plan when it is closed, and asks nothing any more', async () => {
    const both = [ask('a'), ask('b')];
    explainer.close();
    expect(await Promise.all(both)).to.deep.equal([undefined, undefined]);
    await fail(new Error('closed'));
    expect(await ask('c')).to.equal(undefined);
    expect(count).to.equal(1);
    expect(told).to.deep.equal([]);
  });

  it('never rejects, whatever the inspection and the logger throw', async () => {
    const refuse = () => {
      throw new Error('refused');
    };
    make({ inspect: refuse, logger: { ...silentLogger, debug: refuse } });
    expect(await ask('a')).to.equal(undefined);
    expect(await ask('b')).to.equal(undefined);
  });

  it('opens its connection outside the request', async () => {
    const storage = new AsyncLocalStorage<string>();
    let seen: string | undefined = 'nothing';
    make({
      inspect: () => {
        seen = storage.getStore();
        return Promise.reject(new Error('enough'));
      },
    });
    await storage.run('request', () => ask('a'));
    expect(seen).to.equal(undefined);
  });
});
