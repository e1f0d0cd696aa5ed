import { runCommand } from '../bench/cli/report-command.js';
import { help, readOptions } from '../bench/ledger/cli/options.js';
import { runLedger } from '../bench/ledger/cli/run.js';

// Whether callers are told the truth of their transactions. Usage: npm run ledger -- --help
await runCommand({ help, readOptions, run: runLedger });
