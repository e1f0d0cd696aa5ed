import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import type { CircuitChange } from '../policy/circuit/change.js';

const SHOWN_CHARACTERS = 500;

/** @param statement whose circuit it is, without values; undefined for that of the database */
export function logChange(logger: Logger, change: CircuitChange, statement?: string): void {
  const { circuit, from, to, reason, error, openedForMs } = change;
  const fields = { circuit, from, to, reason, open_ms: Math.round(openedForMs) };
  if (statement !== undefined) {
    logStatement(logger, { ...fields, statement: statement.slice(0, SHOWN_CHARACTERS) }, to === 'open');
    return;
  }
  switch (to) {
    case 'closed':
      logger.info(fields, 'The circuit is closed: the database is used again');
      return;
    case 'half-open':
      logger.info(fields, 'The circuit is half-open: it will be closed when the database has answered once more');
      return;
    case 'isolated':
      logger.warn(fields, 'The circuit is isolated by hand: calls are refused until resume()');
      return;
    case 'open':
      logger.warn(
        { ...fields, err: pinoErrorSerializer(error) },
        'The circuit is open: the database is unreachable or ill, and calls are refused until it answers',
      );
  }
}

function logStatement(logger: Logger, fields: object, isOpen: boolean): void {
  if (isOpen) logger.warn(fields, 'A statement has timed out again and again, and is refused for a while');
  else logger.info(fields, 'A statement that timed out again and again may run again');
}

export function logThrown(logger: Logger, circuit: string, error: unknown): void {
  logger.error({ circuit, err: pinoErrorSerializer(error) }, 'A listener of the circuit threw');
}
