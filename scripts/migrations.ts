import { runCommand } from '../bench/cli/report-command.js';
import { help, readOptions } from '../bench/migrations/cli/options.js';
import { runMigrations } from '../bench/migrations/cli/run.js';

// Whether migrations hold, whoever starts, reads or dies meanwhile. Usage: npm run migrations -- --help
await runCommand({ help, readOptions, run: runMigrations });
