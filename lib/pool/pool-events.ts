import type { EventEmitter } from 'node:events';
import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import type { BagEvent } from './bag.js';
import type { PoolEntry } from './pool-entry.js';

export interface Telling {
  readonly name: string;
  readonly logger: Logger;
  readonly log: (...messages: unknown[]) => void;
}

/** Tells the pool's listeners, pg's way, and the log what nobody listens to; what a listener throws goes no further. */
export function tell(
  pool: EventEmitter,
  { name, logger, log }: Telling,
  event: BagEvent,
  entry: PoolEntry,
  error?: Error | boolean,
): void {
  log(event);
  if (event === 'discard') {
    logger.warn({ pool: name, err: pinoErrorSerializer(error) }, 'A connection was closed instead of being used again');
    return;
  }
  if (pool.listenerCount(event) === 0) {
    if (event === 'error') logger.warn({ pool: name, err: pinoErrorSerializer(error) }, 'An idle connection was lost');
    return;
  }
  try {
    if (event === 'error' || event === 'release') pool.emit(event, error, entry.client);
    else pool.emit(event, entry.client);
  } catch (thrown) {
    logger.error({ pool: name, err: pinoErrorSerializer(thrown) }, `A listener of the pool's '${event}' event threw`);
  }
}
