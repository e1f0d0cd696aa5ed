// Run by postgres-leftovers.test.ts: a program that starts a server, says so, and ends in the way that it is told.
import { startPostgres } from '../../../lib/testing/index.js';
import { connect, tracesOf } from './observe.js';

const server = await startPostgres();
const traces = await tracesOf(server);
process.stdout.write(`${JSON.stringify({ ...traces, pid: server.pid })}\n`);

const ends: Record<string, () => unknown> = {
  wait: () => setInterval(() => undefined, 1000),
  busy: async () => (await connect({ connectionString: server.connectionString })).query('select pg_sleep(60)'),
  frozen: async () => {
    await server.freeze();
    process.stdout.write('frozen\n');
    setInterval(() => undefined, 1000);
  },
  gracefully: () => {
    setInterval(() => undefined, 1000);
    process.once('SIGINT', () => {
      void server.query("select 'still there' as it").then(async ([row]) => {
        await server.stop();
        process.stdout.write(`${String(row?.it)}\n`, () => process.exit());
      });
    });
    process.stdout.write('listening\n');
  },
  exit: () => process.exit(3),
  throw: () =>
    setImmediate(() => {
      throw new Error('uncaught');
    }),
  end: () => undefined,
};
await Promise.all([ends[process.argv[2] ?? '']?.()]);
