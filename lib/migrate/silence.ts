import { sqlstate } from '../errors/classify.js';
import { verdictOfFailure } from '../errors/connection-failures.js';
import type { ConnectionFailure } from '../errors/connection-failures.js';

/**
 * Whether an attempt to connect failed because nobody answered. Whoever refuses is there; and what keeps this process from
 * asking (a name server that is away, a password that is not to be had) tells nothing of the server.
 */
export function isSilence(error: unknown): boolean {
  if (sqlstate(error) !== undefined) return false;
  const { cause } = error as { cause?: ConnectionFailure };
  // Without a cause the time ran out.
  if (cause === undefined) return true;
  return cause.syscall !== 'getaddrinfo' && verdictOfFailure(cause, 'connect')?.unavailable === true;
}
