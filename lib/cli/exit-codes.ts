import { ConfigurationError } from '../errors/errors.js';
import { MigrationLockedError, MigrationRefusedError } from '../errors/migration-errors.js';
import { UsageError } from './usage-error.js';

export const exitCodes = {
  /** Done, or all is well. */
  done: 0,
  /** A migration failed, or the database cannot be reached. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Something is not as it should be, and nothing was run. */
  refused: 3,
  /** Another process has the lock. */
  locked: 4,
  /** As a shell has it for Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(error: unknown, signal?: AbortSignal): ExitCode {
  if (signal?.aborted === true) return exitCodes.interrupted;
  if (error instanceof UsageError || error instanceof ConfigurationError) return exitCodes.usage;
  if (error instanceof MigrationRefusedError) return exitCodes.refused;
  if (error instanceof MigrationLockedError) return exitCodes.locked;
  return exitCodes.failed;
}
