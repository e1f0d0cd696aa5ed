import type { Command } from 'commander';

const exitCodesHelp = `
Exit codes:
  0    done, or all is as it should be
  1    failed: a migration failed, or the database cannot be reached
  2    the command line or the configuration is wrong
  3    not as it should be: refused, and nothing was run; with verify something
       is pending, edited, vanished or unfinished; with plan --strict something
       is dangerous
  4    locked by another process for longer than --wait, or a table for longer
       than --lock-retry
  130  interrupted. The first Ctrl-C (or SIGTERM) cancels what runs, and undoes
       it where it has a transaction; the second exits at once`;

const environmentHelp = `
Environment:
  MIGRATION_URL    where to connect to, without --url
  DATABASE_URL     where to connect to, without --url and MIGRATION_URL
  PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGPASSFILE, PGSSLMODE
                   as psql has them, without any URL
  NO_COLOR         no colours, whatever its value

  Other users of this machine can see a command line, and with it a password in
  --url. Put it into DATABASE_URL, PGPASSWORD or the file of PGPASSFILE.`;

export interface Help {
  /** Command lines without `db-resilience migrate`, and what each does. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

export function addDatabaseHelp(command: Command, help: Help): void {
  command.addHelpText('after', `${examplesOf(help)}\n${exitCodesHelp}\n${environmentHelp}`);
}

export function addFolderHelp(command: Command, help: Help): void {
  command.addHelpText(
    'after',
    `${examplesOf(help)}\n\nExit codes:\n  0    done\n  2    the command line is wrong\n  3    refused: the folder is not as it should be`,
  );
}

function examplesOf({ examples }: Help): string {
  const lines = examples.map(([command, meaning]) => `  $ db-resilience migrate ${command}\n      ${meaning}`);
  return ['', 'Examples:', ...lines].join('\n');
}
