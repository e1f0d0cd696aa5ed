import { help, readOptions } from '../bench/circuit/cli/options.js';
import { runCircuit } from '../bench/circuit/cli/run.js';

// Whether the circuit breaker keeps its word. Usage: npm run circuit -- --help

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
  else if (!(await runCircuit(options))) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
