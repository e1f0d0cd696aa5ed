import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CircuitOpenError, ResilientPool } from '../../../lib/index.js';
import type { CircuitOptions } from '../../../lib/index.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';
import { testDatabase } from '../compat/test-database.js';
import type { TestDatabase } from '../compat/test-database.js';

const slowText = 'select pg_sleep($1) as slow';

describe('the circuit of a statement that times out again and again', () => {
  let database: TestDatabase;
  let pool: ResilientPool;
  let lines: { fields: Record<string, unknown>; message: string }[];

  before(async () => {
    database = await testDatabase();
  });
  afterEach(() => pool.end());

  function open(circuit: CircuitOptions = {}): void {
    lines = [];
    const log = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
    pool = new ResilientPool({
      connectionString: database.connectionString,
      max: 4,
      queryTimeoutMs: 100,
      retry: false,
      circuit: { timeoutsInARow: 3, ...circuit },
      logger: { debug: log, info: log, warn: log, error: log },
    });
  }

  const slow = (seconds = 5) => pool.query(slowText, [seconds]);

  async function timeOut(times: number): Promise<void> {
    for (let time = 0; time < times; time++)
      expect(await failureOf(slow())).to.have.property('code', 'DB_QUERY_TIMEOUT');
  }

  it('refuses it and no other, and leaves the circuit of the database alone', async () => {
    open();
    await timeOut(4);
    const error = await failureOf(slow());
    expect(error).to.be.an.instanceOf(CircuitOpenError).with.property('outcome', 'not-executed');
    expect((error as unknown as CircuitOpenError).circuit).to.match(/^primary, statement [0-9a-f]{16}$/);
    expect((error as unknown as CircuitOpenError).retryAfterMs).to.be.within(1, 1000);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    expect(pool.circuit.describe()).to.include({ state: 'closed', opened: 0 });
    const opened = lines.find(({ message }) => message.includes('again and again'));
    expect(opened?.fields).to.include({ statement: 'select pg_sleep(?) as slow', to: 'open' });
  });

  it('knows it by its fingerprint, whatever its values', async () => {
    open();
    await timeOut(4);
    expect(await failureOf(pool.query('SELECT pg_sleep(0.001)  as slow -- quick'))).to.have.property(
      'code',
      'DB_CIRCUIT_OPEN',
    );
  });

  it('lets one through after a while, and all when it was in time', async () => {
    open();
    await timeOut(4);
    await sleep(1050);
    // A connection that is awake, so that both are asked for in the same moment.
    await pool.query('select 1');
    const [first, second] = await Promise.allSettled([slow(0), slow(0)]);
    expect([first.status, second.status]).to.deep.equal(['fulfilled', 'rejected']);
    await slow(0);
    expect(lines.at(-1)).to.deep.include({ message: 'A statement that timed out again and again may run again' });
  });

  it('lets one through at a time where they have waited for connections as well', async () => {
    open();
    await timeOut(4);
    // Idle for so long that each connection is pinged first, or opened anew, so all are asked for before one has begun.
    await sleep(1200);
    const settled = await Promise.all([slow(), slow(), slow(), slow()].map(failureOf));
    const codes = settled.map((error) => (error as unknown as { code: string }).code);
    expect(codes.filter((code) => code === 'DB_QUERY_TIMEOUT')).to.have.length(1);
    expect(codes.filter((code) => code === 'DB_CIRCUIT_OPEN')).to.have.length(3);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    await eventually(() => pool.describe().connections.active === 0, 5000, 'every connection is back');
  });

  it('keeps it out for longer where the one that was let through was late as well', async () => {
    open();
    await timeOut(4);
    await sleep(1050);
    await timeOut(1);
    const error = await failureOf(slow(0));
    expect((error as unknown as CircuitOpenError).retryAfterMs).to.be.within(1001, 2000);
  });

  it('begins anew with each answer in time', async () => {
    open();
    for (let round = 0; round < 3; round++) {
      await timeOut(3);
      await slow(0);
    }
    await slow(0);
  });

  it('takes what is late together for one time-out', async () => {
    open();
    const late = await Promise.all(Array.from({ length: 4 }, () => failureOf(slow())));
    for (const error of late) expect(error).to.have.property('code', 'DB_QUERY_TIMEOUT');
    await slow(0);
  });

  it('is counted in observe mode, and refuses nothing', async () => {
    open();
    await pool.end();
    pool = new ResilientPool({
      connectionString: database.connectionString,
      mode: 'observe',
      queryTimeoutMs: 50,
      circuit: { timeoutsInARow: 3 },
    });
    for (let time = 0; time < 5; time++) await slow(0.1);
    expect(pool.describe().wouldBe).to.include({ 'query-timeout': 5, 'circuit-open': 1 });
  });

  it('does not count a time-out that is shorter than the pool has', async () => {
    open();
    const hasty = pool.withOptions({ timeoutMs: 20 });
    for (let time = 0; time < 6; time++)
      expect(await failureOf(hasty.query(slowText, [5]))).to.have.property('code', 'DB_QUERY_TIMEOUT');
    await slow(0);
  });

  it('is not there with timeoutsInARow: false, or mode off, and refuses nothing in metrics-only', async () => {
    for (const circuit of [
      { timeoutsInARow: false },
      { mode: 'off' },
      { mode: 'metrics-only' },
    ] satisfies CircuitOptions[]) {
      open(circuit);
      await timeOut(6);
      await slow(0);
      await pool.end();
    }
  });
});
