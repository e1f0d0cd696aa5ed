// Run by settles.test.ts: a program that opens the circuit of its pool, and then does as it is told.
import { ResilientPool } from '../../../lib/index.js';

const [connectionString, how] = process.argv.slice(2);
const pool = new ResilientPool({
  connectionString,
  acquireTimeoutMs: 1000,
  queryTimeoutMs: 300,
  circuit: { probeTimeoutMs: 300 },
});
const opened = new Promise((resolve) => pool.circuit.on('open', resolve));
await pool.query('select 1').catch(() => undefined);
await opened;
if (how === 'end') await pool.end();
process.stdout.write(pool.circuit.describe().opened === 1 ? 'opened\n' : 'not opened\n');
