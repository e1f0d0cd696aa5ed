import { expect } from 'chai';
import pg from 'pg';
import { ResilientPool } from '../../../lib/index.js';
import { dial } from '../../../lib/pool/dial.js';
import { Inspection } from '../../../lib/pool/inspection.js';
import type { Circuit } from '../../../lib/policy/circuit/circuit.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually } from '../../support/settle.js';
import { failureOf } from '../compat/failure-of.js';

describe('the connection of a monitor', () => {
  let connectionString: string;
  let dials: number;
  let inspection: Inspection;
  const circuit = { refuses: false, refusal: () => new Error('refused') };

  before(async () => {
    ({ connectionString } = await sharedPostgres());
  });
  beforeEach(() => {
    dials = 0;
    circuit.refuses = false;
    const config = () => ({ connectionString });
    const open = (signal: AbortSignal) => {
      dials += 1;
      return dial({ Client: pg.Client, config, timeoutMs: undefined, signal });
    };
    inspection = new Inspection(open, circuit as unknown as Circuit);
  });
  afterEach(async () => {
    inspection.close();
    await eventually(() => !inspection.isOpen, 5000, 'its socket is closed');
  });

  const sleep = (seconds: number, timeoutMs: number) =>
    inspection.inspect(async (run) => {
      await run('begin');
      await run('select pg_sleep($1)', [seconds]);
      const { rows } = await run('select pg_backend_pid() as pid');
      await run('commit');
      return rows[0]?.pid;
    }, timeoutMs);

  it('does one piece of work after another, on one connection', async () => {
    const pids = await Promise.all([sleep(0.05, 5000), sleep(0.05, 5000), sleep(0.05, 5000)]);
    expect(new Set(pids)).to.have.length(1);
    expect(dials).to.equal(1);
  });

  it('is waited for no longer than the work may take', async () => {
    const first = sleep(1, 5000);
    const began = performance.now();
    const error = await failureOf(sleep(0, 100));
    expect(error.message).to.include('within 100 ms');
    expect(performance.now() - began).to.be.within(90, 700);
    await first;
    expect(dials).to.equal(1);
  });

  it('is opened anew for the next one where a piece of work took too long', async () => {
    const [slow, next] = await Promise.all([failureOf(sleep(5, 200)), sleep(0, 5000)]);
    expect(slow.message).to.include('not answered in time');
    expect(next).to.be.a('number');
    expect(dials).to.equal(2);
  });

  it('serves nobody who has waited where the circuit refuses meanwhile, or the pool is closed', async () => {
    const first = sleep(0.2, 5000);
    const second = failureOf(sleep(0, 5000));
    circuit.refuses = true;
    expect((await failureOf(sleep(0, 5000))).message).to.equal('refused');
    await first;
    expect((await second).message).to.equal('refused');
    circuit.refuses = false;
    const others = [sleep(2, 5000), sleep(0, 5000)].map(failureOf);
    inspection.close();
    const codes = (await Promise.all(others)).map((error) => (error as { code?: string }).code);
    expect(codes[1]).to.equal('DB_SHUTTING_DOWN');
  });

  it('lets plans and the view of the server be asked for at the same time', async () => {
    const lines: string[] = [];
    const log = (_fields: object, message: string) => void lines.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const monitor = { slowQueryThresholdMs: 0 };
    for (let round = 0; round < 3; round += 1) {
      const pool = new ResilientPool({ connectionString, logger, monitor });
      await Promise.all([pool.query('select 1 as one'), pool.query('select 2 as two'), pool.getServerView()]);
      await eventually(() => pool.getSlowQueries().every(({ plan }) => plan !== null), 5000, 'all have their plans');
      await pool.end();
    }
    expect(lines).not.to.include('A slow statement could not be explained');
  });
});
