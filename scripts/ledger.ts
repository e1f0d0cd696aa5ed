import { help, readOptions } from '../bench/ledger/cli/options.js';
import { runLedger } from '../bench/ledger/cli/run.js';

// Whether callers are told the truth of their transactions. Usage: npm run ledger -- --help

// Servers and proxy end with this process, however that comes about.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.log('\nInterrupted.');
    process.exit(130);
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else if (!(await runLedger(options))) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
