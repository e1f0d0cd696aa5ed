/** A timer as `setTimeout` returns it; `unref` keeps it from holding the process. */
export interface Timer {
  unref?(): unknown;
}

/**
 * Monotonic milliseconds and timers, injectable so that policies can be tested without sleeping.
 * Never wall-clock time: a clock that jumps must not fire or hold back a time-out.
 */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};
