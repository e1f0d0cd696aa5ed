import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';
import { HookList } from '../monitor/hook-list.js';

/** Hooks of which the log says when one has thrown. */
export function loggedHooks(logger: Logger, pool: string): HookList {
  return new HookList((error) => {
    try {
      logger.warn(
        { pool, err: pinoErrorSerializer(error) },
        'Monitoring has failed and is switched off; what is run on the pool goes on',
      );
    } catch {
      // A log that fails is not to fail what is only watched.
    }
  });
}
