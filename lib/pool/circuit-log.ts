import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import type { CircuitChange } from '../policy/circuit/circuit.js';

export function logChange(logger: Logger, { circuit, from, to, reason, error, openedForMs }: CircuitChange): void {
  const fields = { circuit, from, to, reason, open_ms: Math.round(openedForMs) };
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

export function logThrown(logger: Logger, circuit: string, error: unknown): void {
  logger.error({ circuit, err: pinoErrorSerializer(error) }, 'A listener of the circuit threw');
}
