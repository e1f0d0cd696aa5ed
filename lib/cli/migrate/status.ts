import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showStatus } from './status-view.js';

export function addStatus(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('status')
    .summary('what is applied, what is pending, what is wrong')
    .description(
      'Compares the files with the history of the database, and changes nothing. Its exit code does not tell the state: verify does.',
    )
    .action((options: DatabaseOptions) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const status = await migrations.status(call);
        return { json: status, show: (view) => showStatus(status, view) };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['status', 'of ./migrations and the database of DATABASE_URL'],
      ['status --dir db/migrations --json', 'for a program'],
    ],
  });
}
