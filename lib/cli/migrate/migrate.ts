import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { addCreate } from './create.js';
import { addDown } from './down.js';
import { addPlan } from './plan.js';
import { addRehearse } from './rehearse.js';
import { addRepair } from './repair.js';
import { addStatus } from './status.js';
import { addTo } from './to.js';
import { addUp } from './up.js';
import { addVerify } from './verify.js';

const filesHelp = `
A migration is a file, 012_add_email.sql:

  -- migrate:up
  alter table users add column email text;
  -- migrate:down
  alter table users drop column email;

or two, 012_add_email.up.sql and 012_add_email.down.sql. It runs in one
transaction, unless it says "-- migrate:up transaction:false", which
CREATE INDEX CONCURRENTLY and its like need.

"db-resilience migrate up --help" has options, examples, exit codes and the
environment.`;

export function addMigrate(program: Command, cli: Cli): void {
  const migrate = program
    .command('migrate')
    .summary('apply, revert and inspect migrations')
    .description('Applies the SQL files of a folder to a database, each once, whoever else tries.')
    .addHelpText('after', filesHelp);
  migrate.commandsGroup('Write:');
  addCreate(migrate, cli);
  migrate.commandsGroup('Look, and change nothing:');
  addStatus(migrate, cli);
  addVerify(migrate, cli);
  addPlan(migrate, cli);
  addRehearse(migrate, cli);
  migrate.commandsGroup('Change the database:');
  addUp(migrate, cli);
  addDown(migrate, cli);
  addTo(migrate, cli);
  addRepair(migrate, cli);
}
