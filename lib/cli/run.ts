import { CommanderError } from 'commander';
import type { Cli } from './cli.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { connectManager } from './migrate/connect.js';
import type { Connect } from './migrate/connect.js';
import { createProgram } from './program.js';
import { viewOf } from './render/view.js';
import { reportError } from './report-error.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Runs the program with what stands behind its name. It never throws; its result is the exit code. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  connect: Connect = connectManager,
): Promise<ExitCode> {
  const json = argv.includes('--json');
  let exitCode: ExitCode = exitCodes.done;
  const cli: Cli = {
    terminal,
    connect,
    print: (outcome, asJson) => {
      const text = asJson ? JSON.stringify(outcome.json, null, 2) : outcome.show(viewOf(terminal.stdout, terminal.env));
      terminal.stdout.write(`${text}\n`);
      exitCode = outcome.exitCode ?? exitCodes.done;
    },
    fail: async (error, context) => {
      exitCode = exitCodeOf(error, terminal.signal);
      await reportError(error, terminal, context);
    },
  };
  try {
    await createProgram(cli, json).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) await cli.fail(error, { json });
    else if (error.exitCode !== 0) {
      exitCode = exitCodes.usage;
      // For people, commander has told it.
      if (json) await reportError(new UsageError(messageOf(error)), terminal, { json });
    }
  }
  return exitCode;
}

function messageOf({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'No command was given. --help lists them.' : message.replace(/^error: /, '');
}
