import { help, readOptions } from '../bench/faults/cli/options.js';
import { runFaults, runHeaps } from '../bench/faults/cli/run.js';

// What clients see while the database fails, counted. Usage: npm run faults -- --help

// Server, proxy and applications end with this process, however that comes about.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.log('\nInterrupted.');
    process.exit(130);
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else if (!(await (options.heap ? runHeaps(options) : runFaults(options)))) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
