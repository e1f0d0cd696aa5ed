import { Option } from 'commander';
import type { Command } from 'commander';
import type { RepairOptions } from '../../migrate/options.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { UsageError } from '../usage-error.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions, appliedVersion } from './options.js';
import type { DatabaseOptions } from './options.js';
import { repairsOf, showRepairs } from './repairs.js';
import { showStatus } from './status-view.js';

type Options = DatabaseOptions & { as?: RepairOptions['as'] };

export function addRepair(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('repair')
    .summary('set the history right by hand')
    .description(
      'Without a version: lists what is wrong, and the command that mends it (exit code 3 where there is something).\n\n' +
        'With a version: writes into the history what you have made sure of, and runs nothing of the migration. The row says that it was a repair, and whose.',
    )
    .argument('[version]', 'as a file name begins', appliedVersion)
    .addOption(
      new Option(
        '--as <state>',
        'applied, reverted: the history shall say so; accepted: the edited file is right, and what was applied is the same',
      ).choices(['applied', 'reverted', 'accepted']),
    )
    .action((version: number | undefined, options: Options) => repair(cli, version, options));
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['repair', 'what is wrong, and what to do'],
      ['repair 7 --as applied', '7 was interrupted, and you have finished it by hand'],
      ['repair 3 --as accepted', 'only a comment of 003_….sql was changed'],
    ],
  });
}

async function repair(cli: Cli, version: number | undefined, options: Options): Promise<void> {
  const { as } = options;
  if ((version === undefined) !== (as === undefined)) {
    const missing =
      as === undefined ? '--as applied, --as reverted or --as accepted' : 'the version that is to be repaired';
    throw new UsageError(`Give ${missing} too. Without both, repair lists what is wrong.`);
  }
  await onDatabase(cli, options, async ({ migrations, call }) => {
    if (version !== undefined && as !== undefined) {
      const mended = await migrations.repair({ version, as, ...call });
      return { json: mended, show: (view) => showStatus(mended, view) };
    }
    const status = await migrations.status(call);
    const repairs = repairsOf(status, options);
    const isWell = repairs.length === 0 && status.problems.length === 0;
    return {
      json: { problems: status.problems, repairs },
      show: (view) => showRepairs(status, options, view),
      exitCode: isWell ? exitCodes.done : exitCodes.refused,
    };
  });
}
