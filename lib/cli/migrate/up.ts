import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showRun } from './run-view.js';

export function addUp(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('up')
    .summary('apply what is pending')
    .description(
      'Applies what is pending, the oldest first. Of several processes one applies, and the others wait for it. A migration that fails is undone, and those before it stay.',
    )
    .action((options: DatabaseOptions) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const run = await migrations.up(call);
        return { json: run, show: (view) => showRun(run, view) };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['up', './migrations, on the database of DATABASE_URL'],
      ['up --lock-timeout 200 --lock-retry 600000', 'on a busy database: no lock is waited for longer than 200 ms'],
      ['up --out-of-order', 'with one that came late from another branch'],
    ],
  });
}
