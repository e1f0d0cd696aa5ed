import { expect } from 'chai';
import { QueryTimeoutError, ResilientPool } from '../../../lib/index.js';
import type { PostgresServer } from '../../../lib/testing/index.js';
import { findPgBouncer, startPgBouncer } from '../../support/pgbouncer.js';
import type { PgBouncer } from '../../support/pgbouncer.js';
import { sharedPostgres } from '../../support/postgres.js';
import { eventually, settled } from '../../support/settle.js';

describe('behind PgBouncer in transaction mode', () => {
  let server: PostgresServer;
  let bouncer: PgBouncer | undefined;
  let pool: ResilientPool | undefined;
  const warnings: string[] = [];

  async function start(settings: string[] = []): Promise<ResilientPool> {
    bouncer = await startPgBouncer(binary as string, server, settings);
    const note = (_fields: object, message: string) => void warnings.push(message);
    pool = new ResilientPool({
      connectionString: bouncer.connectionString,
      min: 0,
      max: 3,
      queryTimeoutMs: 300,
      cancelGraceMs: 1000,
      logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    });
    return pool;
  }

  const binary = findPgBouncer();
  before(async function () {
    if (binary === undefined) {
      console.error('SKIPPED: pgbouncer is not installed, so nothing is shown about it');
      this.skip();
    }
    server = await sharedPostgres();
  });
  afterEach(async () => {
    await pool?.end();
    await bouncer?.stop();
    pool = bouncer = undefined;
    warnings.length = 0;
  });

  it('goes on without server-side time-outs where they are refused, and says so once', async () => {
    const refused = await start();
    await Promise.all([refused.query('select 1'), refused.query('select 1'), refused.query('select 1')]);
    expect((await refused.query('show statement_timeout')).rows).to.deep.equal([{ statement_timeout: '0' }]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include('refuses statement_timeout as a startup parameter');
    await Promise.all([refused.connect(), refused.connect()].map(async (client) => (await client).release(true)));
    await refused.query('select 1');
    expect(warnings).to.have.length(1);
  });

  it('sets nothing on the shared server connection where they are swallowed', async () => {
    const swallowed = await start([
      'ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout',
    ]);
    await swallowed.query({ text: 'select pg_sleep(0.4)', query_timeout: 5000 });
    expect((await swallowed.query('show statement_timeout')).rows).to.deep.equal([{ statement_timeout: '0' }]);
  });

  it('cancels a statement on the server, through the pooler', async () => {
    const bounced = await start();
    const { error } = await settled(bounced.query('select pg_sleep(60) as bounced'), 4000);
    expect(error).to.be.instanceOf(QueryTimeoutError);
    await eventually(
      async () =>
        (
          await server.query(
            "select 1 from pg_stat_activity where state = 'active' and query like '%as bounced%' and pid <> pg_backend_pid()",
          )
        ).length === 0,
      3000,
      'nothing runs on the server',
    );
    expect((await bounced.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });
});
