import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { from as copyFrom } from 'pg-copy-streams';
import { ResilientPool, TransactionRolledBackError } from '../../lib/index.js';
import type { Transaction } from '../../lib/index.js';
import { failureOf } from '../integration/compat/failure-of.js';
import { testDatabase } from '../integration/compat/test-database.js';
import { timed } from '../integration/scope/timed.js';
import { Relay } from './facts/relay.js';

describe('a transaction on a server that is ready again later than it has answered', () => {
  let relay: Relay;
  let pool: ResilientPool;

  beforeEach(async () => {
    const database = await testDatabase();
    const { hostname, port } = new URL(database.connectionString);
    relay = new Relay({ host: hostname, port: Number(port) });
    await relay.listen();
    pool = new ResilientPool({ connectionString: relay.connectionString(database), max: 1 });
    await pool.query('create table entries (id int primary key)');
  });
  afterEach(async () => {
    relay.holdReadyMs = 0;
    await pool.end();
    relay.close();
  });

  const copy = (tx: Transaction, lines: string[]) => {
    relay.holdReadyMs = 100;
    return pipeline(Readable.from(lines), tx.query(copyFrom('copy entries from stdin'))).finally(() => {
      setTimeout(() => (relay.holdReadyMs = 0), 20);
    });
  };
  const stored = async () => (await pool.query('select from entries')).rowCount;

  it('commits a COPY', async () => {
    await pool.transaction((tx) => copy(tx, ['1\n', '2\n']));
    expect(await stored()).to.equal(2);
  });

  it('tells why it was rolled back where the failure of a COPY was swallowed', async () => {
    const error = await failureOf(pool.transaction((tx) => copy(tx, ['1\n', '1\n']).catch(() => undefined)));
    expect(error).to.be.instanceOf(TransactionRolledBackError);
    expect(error.cause).to.include({ code: '23505' });
    expect(await stored()).to.equal(0);
  });

  it('ends with the time-out of its view while it is asked which server it is', async () => {
    relay.holdReadyMs = 3000;
    const { ms, error } = await timed(() => pool.withOptions({ timeoutMs: 100 }).transaction(() => undefined));
    expect(error).to.include({ code: 'DB_QUERY_TIMEOUT' });
    expect(ms).to.be.lessThan(4 * 350);
  });

  it('ends with its deadline while it is asked which server it is', async () => {
    relay.holdReadyMs = 3000;
    const { ms, error } = await timed(() => pool.transaction(() => undefined, { timeoutMs: 200 }));
    expect(error).to.include({ code: 'DB_DEADLINE_EXCEEDED', outcome: 'rolled-back' });
    expect(ms).to.be.within(198, 4 * 275);
  });
});
