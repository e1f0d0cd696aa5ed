import type { Clock, Timer } from '../core/clock.js';
import { outsideRequests } from '../core/root-scope.js';
import { ConnectionLostError } from '../errors/errors.js';

export interface ProbeTimes {
  /** Between the beginnings of two probes, on the average. */
  readonly intervalMs: number;
  /** The same after the first minute. */
  readonly slowIntervalMs: number;
  /** After so long a probe has failed. */
  readonly timeoutMs: number;
}

export const probeDefaults: ProbeTimes = { intervalMs: 500, slowIntervalMs: 5000, timeoutMs: 2000 };

export interface ProberOptions {
  readonly times: ProbeTimes;
  /** Asks the database for a sign of life. Rejects where there is none; to end at once when the signal is aborted. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** Told of each probe; returns when the next is to be: in its time, sooner to confirm this one, or not at all. */
  readonly onResult: (error: unknown) => 'next' | 'confirm' | 'stop';
  readonly clock: Clock;
  readonly random?: () => number;
}

const FIRST_MINUTE_MS = 60_000;
/** So that a fleet that has lost its database in one moment does not ask it again in one moment. */
const FIRST_WITHIN_MS = 100;
const JITTER = 0.2;
/** The confirming question comes sooner, so that recovery is known within a second. */
const CONFIRM_SHARE = 0.6;
/** Also after a probe that took all its time. */
const LEAST_PAUSE_SHARE = 0.1;
/** A timer that is later than this was held up by this process. */
const HELD_UP_MS = 50;
const MOST_EXTENSIONS = 3;

/**
 * Asks whether the database is there, again and again, one question at a time, until its owner has heard enough. With
 * jitter, so that many instances do not ask in step. Its timers let the process exit.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #random: () => number;
  /** Of the next question, or of the time-out of the open one. */
  #timer: Timer | undefined;
  #asking: AbortController | undefined;
  #isWanted = false;
  #startedAt = 0;
  #isSlow = false;
  #beganAt = -Infinity;
  #dueAt = 0;
  #count = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined || this.#asking !== undefined;
  }

  /** Questions so far. */
  get count(): number {
    return this.#count;
  }

  /** Until the next question begins; 0 while one is open. */
  get nextInMs(): number {
    return this.#asking === undefined ? Math.max(0, this.#dueAt - this.#options.clock.now()) : 0;
  }

  /** Begins within 100 ms, or when it is time after the last question. Where it has begun, the first minute begins anew. */
  start(): void {
    this.#isWanted = true;
    this.#startedAt = this.#options.clock.now();
    this.#isSlow = false;
    if (this.isRunning) return;
    const due = this.#beganAt + this.#jittered(this.#options.times.intervalMs) - this.#startedAt;
    this.#schedule(Math.max(this.#random() * FIRST_WITHIN_MS, due));
  }

  stop(): void {
    this.#isWanted = false;
    this.#cancelTimer();
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.abort(new Error('The probe is not wanted any more'));
  }

  #schedule(ms: number): void {
    const { clock } = this.#options;
    this.#dueAt = clock.now() + ms;
    this.#timer = this.#after(ms, () => {
      this.#timer = undefined;
      this.#ask();
    });
  }

  #ask(): void {
    const { clock, probe, times } = this.#options;
    this.#beganAt = clock.now();
    const controller = new AbortController();
    this.#asking = controller;
    this.#count += 1;
    const settle = (error: unknown) => {
      if (this.#asking !== controller) return;
      this.#asking = undefined;
      this.#cancelTimer();
      this.#onAnswered(error);
    };
    let extensions = 0;
    const watch = (ms: number) => {
      const dueAt = clock.now() + ms;
      this.#timer = this.#after(ms, () => {
        // Where this process was held up, the answer may be here and not have been read.
        const heldUpMs = clock.now() - dueAt;
        if (heldUpMs > HELD_UP_MS && extensions++ < MOST_EXTENSIONS) {
          watch(Math.min(heldUpMs, times.timeoutMs));
          return;
        }
        const error = new ConnectionLostError(
          `The database gave no sign of life within ${String(times.timeoutMs)} ms`,
          {
            outcome: 'not-executed',
          },
        );
        settle(error);
        controller.abort(error);
      });
    };
    watch(times.timeoutMs);
    outsideRequests(async () => probe(controller.signal)).then(
      () => settle(undefined),
      (error: unknown) => settle(error ?? new Error('The probe failed without a reason')),
    );
  }

  #onAnswered(error: unknown): void {
    const { clock, onResult } = this.#options;
    const next = onResult(error);
    // The owner may have stopped it, or stopped and started it again.
    if (next === 'stop' || !this.#isWanted || this.isRunning) return;
    const interval = this.#intervalMs(next);
    this.#schedule(Math.max(interval * LEAST_PAUSE_SHARE, this.#beganAt + interval - clock.now()));
  }

  #jittered(ms: number): number {
    return ms * (1 + JITTER * (2 * this.#random() - 1));
  }

  #intervalMs(next: 'next' | 'confirm'): number {
    const { clock, times } = this.#options;
    if (next === 'confirm') return this.#jittered(times.intervalMs * CONFIRM_SHARE);
    if (clock.now() - this.#startedAt < FIRST_MINUTE_MS) return this.#jittered(times.intervalMs);
    if (this.#isSlow) return this.#jittered(times.slowIntervalMs);
    // The first minute ends for a whole fleet at one moment: jitter alone would let it ask in waves from there on.
    this.#isSlow = true;
    return times.intervalMs + this.#random() * (times.slowIntervalMs - times.intervalMs);
  }

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #after(ms: number, callback: () => void): Timer {
    const timer = outsideRequests(() => this.#options.clock.setTimeout(callback, ms));
    timer.unref?.();
    return timer;
  }
}
