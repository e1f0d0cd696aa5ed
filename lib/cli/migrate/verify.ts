import type { Command } from 'commander';
import type { MigrationStatus } from '../../migrate/reports.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import type { ExitCode } from '../exit-codes.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showStatus } from './status-view.js';

export function addVerify(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('verify')
    .summary('exit with 3 unless all is applied and unchanged')
    .description(
      'As status, for scripts: exits with 3 where something is pending, edited, vanished or unfinished, or up would be refused.',
    )
    .action((options: DatabaseOptions) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const status = await migrations.status(call);
        return { json: status, show: (view) => showStatus(status, view), exitCode: verdict(status) };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['verify', 'before traffic is sent to a new release'],
      ['verify --json', 'for a program that wants to know what is missing'],
    ],
  });
}

export function verdict({ migrations, problems }: MigrationStatus): ExitCode {
  const isWell = problems.length === 0 && migrations.every(({ state }) => state === 'applied');
  return isWell ? exitCodes.done : exitCodes.refused;
}
