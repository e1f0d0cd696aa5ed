import { createHook } from 'node:async_hooks';

// Of every timer, those that are unref'd too: process.getActiveResourcesInfo() leaves them out.
const timers = new Set<WeakRef<{ _destroyed: boolean }>>();
let untilTidied = 1000;

createHook({
  init(_id, type, _trigger, resource) {
    if (type !== 'Timeout') return;
    timers.add(new WeakRef(resource as { _destroyed: boolean }));
    if (--untilTidied === 0) countTimers();
  },
}).enable();

/** Timers that have neither fired nor been cleared. */
export function countTimers(): number {
  for (const timer of timers) {
    if (timer.deref()?._destroyed !== false) timers.delete(timer);
  }
  untilTidied = 1000;
  return timers.size;
}
