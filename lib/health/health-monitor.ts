import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { silentLogger } from '../core/logger.js';
import type { Logger } from '../core/logger.js';
import { classify } from '../errors/classify.js';
import { Prober } from '../policy/prober.js';
import { EventLoopDelay } from './event-loop-delay.js';
import type { LoopDelay } from './event-loop-delay.js';
import { assess } from './health-report.js';
import type { HealthReport, HealthState, ProbeReport } from './health-report.js';

export interface HealthMonitorOptions {
  /** Asks the database for a sign of life, on a connection of its own. To end at once when the signal is aborted. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  /** What is known without asking. */
  readonly state: () => HealthState;
  /** Between the beginnings of two probes, less or more by up to 20 %. Default: 5000. */
  readonly everyMs?: number | undefined;
  /** After so long a probe has failed, and its signal is aborted. Default: 2000. */
  readonly timeoutMs?: number | undefined;
  /** A report is stale when no probe has ended for longer than this. Default: three times `everyMs`. */
  readonly staleAfterMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly loopDelay?: LoopDelay | undefined;
  /** Of the pool, for the log. */
  readonly name: string;
}

/**
 * Asks the database in the background, one probe at a time, and answers from memory: however often it is asked for its
 * report, the database is not. Its timers let the process exit.
 */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #clock: Clock;
  readonly #loopDelay: LoopDelay;
  readonly #prober: Prober;
  readonly #staleAfterMs: number;
  #beganAt = 0;
  #probe: ProbeReport | undefined;
  /** Of the last probe's end, or of the beginning before there was one; by the clock. */
  #freshAt: number;
  #checkedAt: string | null = null;
  #isClosed = false;

  constructor(options: HealthMonitorOptions) {
    const { ask, everyMs = 5000, timeoutMs = 2000, staleAfterMs = 3 * everyMs, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#freshAt = clock.now();
    this.#staleAfterMs = staleAfterMs;
    this.#loopDelay = options.loopDelay ?? new EventLoopDelay();
    this.#prober = new Prober({
      times: { intervalMs: everyMs, slowIntervalMs: everyMs, timeoutMs },
      probe: (signal) => {
        this.#beganAt = clock.now();
        return ask(signal);
      },
      onResult: (error) => this.#onResult(error),
      clock,
    });
  }

  /** The first probe begins within 100 ms. After `close()` it does nothing. */
  start(): void {
    if (this.#isClosed || this.#prober.isRunning) return;
    this.#freshAt = this.#clock.now();
    this.#loopDelay.start();
    this.#prober.start();
  }

  report(): HealthReport {
    const state = this.#state();
    const ageMs = this.#clock.now() - this.#freshAt;
    const isStale = ageMs > this.#staleAfterMs;
    const loopDelayMs = this.#loopDelay.ms();
    const { utilization_pct, active, idle, waiting, max } = state.pool;
    const { status, warnings } = assess(state, { probe: this.#probe, ageMs, isStale, loopDelayMs });
    return {
      status,
      checked_at: this.#checkedAt,
      age_ms: this.#probe === undefined ? null : Math.round(ageMs),
      stale: isStale,
      probe: this.#probe ?? null,
      circuit: state.circuit,
      pool: { utilization_pct, active, idle, waiting, max },
      event_loop_delay_ms: tenths(loopDelayMs),
      warnings,
    };
  }

  /** Aborts the probe that is under way. From now on the reports are unhealthy. */
  close(): void {
    this.#isClosed = true;
    this.#prober.stop();
    this.#loopDelay.close();
  }

  #state(): HealthState {
    const state = this.#options.state();
    return this.#isClosed ? { ...state, ending: true } : state;
  }

  #onResult(error: unknown): 'next' | 'stop' {
    // Its pool was closed by itself: there is nothing left to ask, nor to tell of.
    if (this.#options.state().ending) {
      this.close();
      return 'stop';
    }
    const now = this.#clock.now();
    const wasOk = this.#probe?.ok ?? true;
    const kind = error === undefined ? null : classify(error, 'connect').kind;
    const probe = { ok: kind === null, duration_ms: tenths(now - this.#beganAt), error: kind };
    this.#probe = probe;
    this.#freshAt = now;
    this.#checkedAt = new Date().toISOString();
    this.#loopDelay.nextInterval();
    if (probe.ok !== wasOk) this.#tell(probe);
    return 'next';
  }

  #tell({ ok, duration_ms, error }: ProbeReport): void {
    const { name, logger = silentLogger } = this.#options;
    const fields = { pool: name, duration_ms };
    try {
      if (ok) logger.info(fields, 'The health probe is answered again');
      else logger.warn({ ...fields, kind: error }, 'The health probe fails');
    } catch {
      // Thrown from here it would be an unhandled rejection, and the probes would end.
    }
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
