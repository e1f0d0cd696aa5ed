import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { onDatabase } from './database-command.js';
import { addDatabaseHelp } from './help.js';
import { addDatabaseOptions, targetVersion } from './options.js';
import type { DatabaseOptions } from './options.js';
import { showPlan } from './plan-view.js';

export function addPlan(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('plan')
    .summary('what would be run, and what of it is dangerous')
    .description(
      'Shows what "to <version>" would run, and warns of what blocks readers and writers of a live database, or breaks them. Changes nothing.',
    )
    .addArgument(targetVersion('[version]').default(-1, 'newest'))
    .option('--strict', 'exit with 3 where there is a warning')
    .action((to: number, options: DatabaseOptions & { strict?: boolean }) =>
      onDatabase(cli, options, async ({ migrations, call }) => {
        const plan = await migrations.plan(to, call);
        const isRefused = options.strict === true && plan.warnings.length > 0;
        return {
          json: plan,
          show: (view) => showPlan(plan, view),
          exitCode: isRefused ? exitCodes.refused : exitCodes.done,
        };
      }),
    );
  addDatabaseOptions(command);
  addDatabaseHelp(command, {
    examples: [
      ['plan', 'what up would run'],
      ['plan --strict', 'in CI: fail where a statement is dangerous'],
      ['plan 0', 'what it would take to revert all'],
    ],
  });
}
