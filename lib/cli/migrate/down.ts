import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions, count } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showRun } from './run-view.js';

export function addDown(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('down')
    .summary('revert the newest migrations')
    .description(
      'Reverts the newest migrations by their down parts. What they created is dropped, with the data in it.',
    )
    .argument('[count]', 'how many', count, 1)
    .action((steps: number, options: DatabaseOptions) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const run = await migrations.down(steps, call);
        return { json: run, show: (view) => showRun(run, view) };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['down', 'the newest one'],
      ['down 3', 'the newest three; plan tells before what is run'],
    ],
  });
}
