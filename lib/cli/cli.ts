import type { ExitCode } from './exit-codes.js';
import type { Connect } from './migrate/connect.js';
import type { View } from './render/view.js';
import type { ErrorContext } from './report-error.js';
import type { Terminal } from './terminal.js';

/** What a command found or did. */
export interface Outcome {
  readonly json: object;
  readonly show: (view: View) => string;
  /** Default: 0. */
  readonly exitCode?: ExitCode;
}

/** What a command has of the program. */
export interface Cli {
  readonly terminal: Terminal;
  readonly connect: Connect;
  print(outcome: Outcome, json: boolean): void;
  fail(error: unknown, context: ErrorContext): Promise<void>;
}
