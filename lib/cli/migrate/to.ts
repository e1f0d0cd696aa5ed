import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions, targetVersion } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showRun } from './run-view.js';

export function addTo(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('to')
    .summary('go up or down to a version')
    .description('Applies or reverts what lies between the version of the database and the one that is named.')
    .addArgument(targetVersion('<version>'))
    .action((to: number, options: DatabaseOptions) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const run = await migrations.migrateTo(to, call);
        return { json: run, show: (view) => showRun(run, view) };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['to 12', 'to the state after 012_….sql, from above or from below'],
      ['to newest', 'the same as up'],
      ['to 0', 'revert all'],
    ],
  });
}
