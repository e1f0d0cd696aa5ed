import { help, readOptions } from '../bench/circuit/cli/options.js';
import { runCircuit } from '../bench/circuit/cli/run.js';
import { runCommand } from '../bench/cli/report-command.js';

// Whether the circuit breaker keeps its word. Usage: npm run circuit -- --help
await runCommand({ help, readOptions, run: runCircuit });
