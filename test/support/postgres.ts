import { after } from 'mocha';
import { startPostgres, type PostgresServer } from '../../lib/testing/index.js';

let shared: Promise<PostgresServer> | undefined;

/** One server for all the tests of this process that leave it as they find it. Others start their own. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres();
  return shared;
}

after('stop the shared PostgreSQL', async function () {
  this.timeout(60_000);
  const server = await shared?.catch(() => undefined); // whoever asked for it has seen the error
  await server?.stop();
});
