// Run by settles.test.ts: a program that opens the circuit of its pool, and then does as it is told.
import { ResilientPool } from '../../../lib/index.js';

const [connectionString, how] = process.argv.slice(2);
const pool = new ResilientPool({
  connectionString,
  acquireTimeoutMs: 1000,
  queryTimeoutMs: 300,
  circuit: { probeTimeoutMs: 300 },
});
while (pool.circuit.state === 'closed') {
  await pool.query('select 1').catch(() => undefined);
  // Its probes would let the process end.
  await new Promise((resolve) => setTimeout(resolve, 20));
}
if (how === 'end') await pool.end();
process.stdout.write(pool.circuit.describe().opened === 1 ? 'opened\n' : 'not opened\n');
