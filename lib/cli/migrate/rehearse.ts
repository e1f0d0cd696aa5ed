import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions, targetVersion } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showRehearsal } from './run-view.js';

export function addRehearse(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('rehearse')
    .summary('run it, and roll it back')
    .description(
      'Runs what "to <version>" would run, and rolls it back. Meanwhile it holds the locks that the real run would hold, for as long: rehearse on a copy, or in a quiet hour.',
    )
    .addArgument(targetVersion('[version]').default(-1, 'newest'))
    .action((to: number, options: DatabaseOptions) =>
      onDatabase(
        cli,
        options,
        async ({ migrations, call }) => {
          const run = await migrations.rehearse(to, call);
          return { json: run, show: (view) => showRehearsal(run, view) };
        },
        { stays: false },
      ),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['rehearse', 'what up would run'],
      ['rehearse --url postgres:///copy_of_production', 'on a copy, without a password on the command line'],
    ],
  });
}
