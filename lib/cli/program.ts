import { Command } from 'commander';
import { version } from '../metrics/version.js';
import type { Cli } from './cli.js';
import { addMigrate } from './migrate/migrate.js';
import { withoutUrls } from './printable.js';
import { widthOf } from './terminal.js';

export function createProgram(cli: Cli, json: boolean): Command {
  const { stdout, stderr } = cli.terminal;
  const program = new Command('db-resilience')
    .description('Schema migrations that are safe on a live PostgreSQL database')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => (json ? undefined : stderr.write(withoutUrls(text))),
      getOutHelpWidth: () => widthOf(stdout) ?? 80,
      getErrHelpWidth: () => widthOf(stderr) ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addMigrate(program, cli);
  return program;
}
