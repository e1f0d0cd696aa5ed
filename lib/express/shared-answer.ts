import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';

/** However many ask, `fn` runs once at a time, and what came of it, be it a failure, is kept for a while. */
export function shared<T>(fn: () => T | Promise<T>, keptMs: number, clock: Clock = systemClock): () => Promise<T> {
  let running: Promise<T> | undefined;
  let endedAt = -Infinity;
  return () => {
    if (running === undefined || clock.now() - endedAt >= keptMs) {
      endedAt = Infinity;
      const done = () => void (endedAt = clock.now());
      running = (async () => fn())();
      running.then(done, done);
    }
    return running;
  };
}
