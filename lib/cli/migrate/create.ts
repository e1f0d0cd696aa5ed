import type { Command } from 'commander';
import { createMigration } from '../../migrate/create.js';
import type { Cli } from '../cli.js';
import { printable } from '../printable.js';
import { addFolderHelp } from './help.js';
import { addFolderOptions } from './options.js';
import type { FolderOptions } from './options.js';

type Options = FolderOptions & { pair?: boolean };

export function addCreate(migrate: Command, cli: Cli): void {
  const command = migrate
    .command('create')
    .summary('write the next migration, with empty parts')
    .description(
      'Writes the file of the next migration, with empty parts, and prints its path. The number goes on from the ' +
        'newest file, or is a timestamp (UTC) where the newest file has one. Asks no database.',
    )
    .argument('<name>', 'what it does, in words: "add email"')
    .option('--pair', 'two files, .up.sql and .down.sql')
    .action((name: string, options: Options) => create(cli, name, options));
  addFolderOptions(command);
  addFolderHelp(command, {
    examples: [
      ['create "add email"', 'migrations/001_add_email.sql, in a folder without migrations'],
      ['create add_email --pair --dir db', 'db/001_add_email.up.sql and db/001_add_email.down.sql'],
    ],
  });
}

async function create(cli: Cli, name: string, { dir, json = false, pair = false }: Options): Promise<void> {
  try {
    const files = await createMigration({ directory: dir, name, pair });
    cli.print({ json: { files }, show: () => files.map(printable).join('\n') }, json);
  } catch (error) {
    await cli.fail(error, { json });
  }
}
