import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { CircuitOpenError, ConfigurationError } from '../../../lib/errors/errors.js';
import { Circuit } from '../../../lib/policy/circuit/circuit.js';
import { CircuitBreakerDb } from '../../../lib/pool/circuit-breaker-db.js';
import type { CircuitBreakerDbOptions } from '../../../lib/pool/circuit-breaker-db.js';
import { databaseError, failureOf, hung, refused } from '../policy/circuit/rig.js';

describe('CircuitBreakerDb', () => {
  let asked: unknown[][];
  let answer: () => unknown;
  let made: CircuitBreakerDb<{ query(text: string, values?: unknown[]): unknown }>[];

  beforeEach(() => {
    asked = [];
    answer = () => Promise.resolve({ rows: [{ n: 1 }] });
    made = [];
  });

  afterEach(() => {
    for (const db of made) db.close();
  });

  function around(options?: CircuitBreakerDbOptions) {
    const queryable = {
      isMe: true,
      query(this: { isMe: boolean }, ...args: unknown[]) {
        asked.push([this.isMe, ...args]);
        return answer();
      },
    };
    const db = new CircuitBreakerDb(queryable, options);
    made.push(db);
    return db;
  }

  it('asks what it is around, and gives back what that gives', async () => {
    const db = around();
    expect(db).to.be.instanceOf(Circuit).and.include({ name: 'database', mode: 'on', state: 'closed' });
    expect(await db.query('select $1', [5])).to.deep.equal({ rows: [{ n: 1 }] });
    const { query } = db;
    await query('select 2');
    expect(asked).to.deep.equal([
      [true, 'select $1', [5]],
      [true, 'select 2', undefined],
    ]);
    expect(db.describe()).to.include({ calls: 2, failed: 0 });
  });

  it('opens where the database is unreachable, and sends nothing then', async () => {
    const db = around({ name: 'billing' });
    answer = () => Promise.reject(refused());
    for (let i = 0; i < 6; i++) expect(await failureOf(db.query('select 1'))).to.include({ code: 'ECONNREFUSED' });
    const error = await failureOf(db.query('select 1'));
    expect(error).to.be.instanceOf(CircuitOpenError).and.include({ circuit: 'billing' });
    expect((error as CircuitOpenError).retryAfterMs).to.be.within(1, 1000);
    expect(asked).to.have.length(6);
  });

  it('opens as well where it throws at once', async () => {
    const db = around({ failuresInARow: 1 });
    answer = () => {
      throw refused();
    };
    for (let i = 0; i < 2; i++) await failureOf(db.query('select 1'));
    expect(db.state).to.equal('open');
  });

  it('is not opened by a mistake in a statement', async () => {
    const db = around();
    answer = () => Promise.reject(databaseError('42601'));
    for (let i = 0; i < 50; i++) await failureOf(db.query('selct 1'));
    expect(db.describe()).to.include({ state: 'closed', calls: 50, failed: 0 });
  });

  it('refuses what tells its end to its own listeners', async () => {
    const cursor = { submit: () => undefined };
    const error = await failureOf(around().query(cursor as unknown as string));
    expect(error).to.be.instanceOf(ConfigurationError).and.include({ option: 'query' });
    expect(asked).to.deep.equal([]);
  });

  it('takes the options of a circuit, and its own', () => {
    const db = around({ mode: 'metrics-only', failuresInARow: 2, failurePercent: 75, leastCalls: 7, windowMs: 500 });
    expect(db.describe()).to.include({
      mode: 'metrics-only',
      failuresInARow: 2,
      failurePercent: 75,
      leastCalls: 7,
      windowMs: 500,
    });
    expect(around({ mode: 'off' }).mode).to.equal('off');
  });

  it('stays open for openMs, and lets as many try as trials says', async () => {
    const db = around({ openMs: 3_600_000, failuresInARow: 1 });
    answer = () => Promise.reject(refused());
    for (let i = 0; i < 2; i++) await failureOf(db.query('select 1'));
    expect(db.describe().leastOpenMs).to.equal(3_600_000);
    const one = around({ openMs: 1, trials: 1, failuresInARow: 1 });
    for (let i = 0; i < 2; i++) await failureOf(one.query('select 1'));
    const halfOpen = new Promise((resolve) => one.on('halfOpen', resolve));
    await halfOpen;
    answer = () => Promise.resolve('alive');
    expect(await one.query('select 1')).to.equal('alive');
    expect(one.state).to.equal('closed');
  });

  it('stays open for openMs, and takes one who tries for failed after trialTimeoutMs', async () => {
    const now = performance.now.bind(performance);
    let skewMs = 0;
    performance.now = () => now() + skewMs;
    try {
      for (const [options, openMs, timeoutMs] of [
        [{}, 1000, 2000],
        [{ openMs: 7000, trialTimeoutMs: 90_000 }, 7000, 90_000],
      ] as const) {
        const db = around(options);
        answer = () => Promise.reject(refused());
        for (let i = 0; i < 6; i++) await failureOf(db.query('select 1'));
        skewMs += openMs - 500;
        expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
        skewMs += 500;
        answer = hung;
        for (let i = 0; i < 2; i++) void db.query('select 1');
        expect(db.state).to.equal('half-open');
        skewMs += timeoutMs - 500;
        expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
        expect(db.state).to.equal('half-open');
        skewMs += 500;
        expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
        expect(db.state).to.equal('open');
      }
    } finally {
      Reflect.deleteProperty(performance, 'now');
    }
  });

  it('asks its probe, and lets nobody try', async () => {
    let signal: AbortSignal | undefined;
    const probe = (given: AbortSignal) => {
      signal = given;
      return hung();
    };
    const db = around({ probe, failuresInARow: 1, openMs: 1 });
    answer = () => Promise.reject(refused());
    const asking = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (signal === undefined) return;
        clearInterval(timer);
        resolve();
      }, 1);
    });
    for (let i = 0; i < 2; i++) await failureOf(db.query('select 1'));
    await asking;
    expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
    expect(db.describe()).to.include({ state: 'open', leastOpenMs: 0, probes: 1 });
    db.close();
    expect(signal?.aborted).to.equal(true);
    expect(await failureOf(db.query('select 1')), 'goes through').to.include({ code: 'ECONNREFUSED' });
  });

  it('logs a line for each change, with nothing of the values in the error', async () => {
    const lines: [string, Record<string, unknown>, string][] = [];
    const logger = {
      ...silentLogger,
      info: (fields: object, message: string) => lines.push(['info', { ...fields }, message]),
      warn: (fields: object, message: string) => lines.push(['warn', { ...fields }, message]),
    };
    const db = around({ logger, failuresInARow: 1 });
    const seen = Object.assign(databaseError('57P01', 'hunter2-secret'), { detail: 'Key (email)=(hunter2-secret)' });
    answer = () => Promise.reject(seen);
    for (let i = 0; i < 2; i++) await failureOf(db.query('select 1'));
    db.isolate();
    db.resume();
    expect(lines.map(([level, { circuit, to, reason }]) => [level, circuit, to, reason])).to.deep.equal([
      ['warn', 'database', 'open', 'failures-in-a-row'],
      ['warn', 'database', 'isolated', 'by-hand'],
      ['info', 'database', 'closed', 'by-hand'],
    ]);
    expect(JSON.stringify(lines)).not.to.include('hunter2-secret');
  });

  it('opens, refuses and closes also where its logger throws', async () => {
    const broken = () => {
      throw new Error('the disk is full');
    };
    const db = around({ logger: { debug: broken, info: broken, warn: broken, error: broken }, failuresInARow: 1 });
    answer = () => Promise.reject(refused());
    for (let i = 0; i < 2; i++) expect(await failureOf(db.query('select 1'))).to.include({ code: 'ECONNREFUSED' });
    expect(await failureOf(db.query('select 1'))).to.be.instanceOf(CircuitOpenError);
    db.mode = 'off';
    expect(db.state).to.equal('closed');
  });

  describe('refuses', () => {
    const refusals: [unknown, string, string][] = [
      [{ name: '' }, 'name', '1 to 63 characters'],
      [{ name: 'x'.repeat(64) }, 'name', '1 to 63 characters'],
      [{ probe: true }, 'probe', 'a function (signal) => promise'],
      [{ probe: 'select 1' }, 'probe', 'false'],
      [{ openMs: 0 }, 'openMs', 'from 1 to 3600000'],
      [{ openMs: 3_600_001 }, 'openMs', '3600001'],
      [{ trials: 0 }, 'trials', 'from 1 to 100'],
      [{ trials: 101 }, 'trials', 'received 101'],
      [{ trialTimeoutMs: 0 }, 'trialTimeoutMs', 'from 1 to 3600000'],
      [{ logger: () => undefined }, 'logger', 'debug, info, warn, error'],
      [{ rampMs: 500 }, 'rampMs', 'for the circuit of a ResilientPool'],
      [{ timeoutsInARow: 5 }, 'timeoutsInARow', 'for the circuit of a ResilientPool'],
      [{ rampMs: undefined, failuresInARow: 0 }, 'rampMs', 'rampMs'],
      [{ failuresInARow: 0 }, 'circuit.failuresInARow', 'from 1 to 1000'],
      [{ mode: 'observe' }, 'circuit.mode', '"metrics-only"'],
      [{ thresold: 5 }, 'circuit.thresold', 'Unknown option'],
    ];
    for (const [options, option, says] of refusals) {
      it(JSON.stringify(options) + ` of ${option}`, () => {
        let error: unknown;
        try {
          around(options as CircuitBreakerDbOptions);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).to.be.instanceOf(ConfigurationError).and.include({ option });
        expect((error as Error).message).to.include(says);
      });
    }

    it('what has no query', () => {
      for (const [given, received] of [
        [null, 'null'],
        [undefined, 'undefined'],
        [{}, 'object'],
        ['postgres://app:hunter2-secret@db/shop', 'string'],
        [{ query: 'select 1' }, 'object'],
      ] as const) {
        expect(() => new CircuitBreakerDb(given as unknown as { query: () => unknown }))
          .to.throw(ConfigurationError, `received ${received}; expected something with a query method`)
          .with.property('message')
          .that.does.not.include('hunter2');
      }
    });
  });
});
