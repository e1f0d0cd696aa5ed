import { runCommand } from '../bench/cli/report-command.js';
import { help, readOptions } from '../bench/faults/cli/options.js';
import { runFaults, runHeaps } from '../bench/faults/cli/run.js';

// What clients see while the database fails, counted. Usage: npm run faults -- --help
await runCommand({
  help,
  readOptions,
  run: (options) => (options.heap ? runHeaps(options) : runFaults(options)),
});
