import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import type { Logger } from '../core/logger.js';
import { pinoErrorSerializer } from '../errors/pino-error-serializer.js';

const EVERY_MS = 60_000;

/** Each warning once a minute at the most, since whoever may ask a route could fill the log with it. It never throws. */
export class SparingLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #loggedAt = new Map<string, number>();

  constructor(logger: Logger = silentLogger, clock: Clock = systemClock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param message a fixed text */
  warn(message: string, error?: unknown): void {
    const now = this.#clock.now();
    if (now - (this.#loggedAt.get(message) ?? -Infinity) < EVERY_MS) return;
    this.#loggedAt.set(message, now);
    try {
      this.#logger.warn(error === undefined ? {} : { err: pinoErrorSerializer(error) }, message);
    } catch {
      // Nobody is to lose an answer for a line in the log.
    }
  }
}
