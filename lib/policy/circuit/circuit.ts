import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../../core/clock.js';
import { systemClock } from '../../core/clock.js';
import { outsideRequests } from '../../core/root-scope.js';
import { CircuitOpenError } from '../../errors/errors.js';
import { Prober, probeDefaults } from '../prober.js';
import { Breaker } from './breaker.js';
import type { CircuitEvents, CircuitReason, CircuitState } from './change.js';
import type { CircuitDescription } from './description.js';
import { Evidence } from './evidence.js';
import { LeastOpen } from './least-open.js';
import { Listeners } from './listeners.js';
import type { CircuitParts } from './parts.js';
import { circuitDefaults } from './settings.js';
import type { CircuitMode, CircuitSettings } from './settings.js';
import { lastSeen, signOf } from './sign.js';
import type { Sign } from './sign.js';
import { trialDefaults, Trials } from './trials.js';
import { Turn } from './turn.js';

const SUCCESSES_TO_CLOSE = 2;

/**
 * A circuit breaker that opens when the database is ill and not when a statement is: the first failure is a suspicion,
 * which a probe confirms or ends, and it closes when probes find the database back. Work has a token, a number, so that
 * what began before the last change says nothing of the time after it.
 */
export class Circuit {
  readonly name: string;
  /** @internal */
  readonly turn = new Turn();
  /** @internal It is not simply closed. A field, since every statement looks at it. */
  barred = false;
  readonly #settings: CircuitSettings;
  readonly #clock: Clock;
  readonly #breaker: Breaker;
  readonly #evidence: Evidence;
  readonly #leastOpen: LeastOpen;
  readonly #prober: Prober | undefined;
  readonly #trials: Trials | undefined;
  readonly #listeners = new Listeners<CircuitEvents>();
  readonly #onProbingOver: () => void;
  readonly #onRefusing: () => void;
  readonly #onWouldBe: () => void;
  readonly #onThrown: (error: unknown) => void;
  #mode: CircuitMode;
  #isolated = false;
  #isRefusing = false;
  #closedForGood = false;
  #tokens = 0;
  /** What has a token up to this one began before the last change. */
  #stale = 0;
  #answers = 0;
  #probesInARow = 0;
  #openedAt = 0;
  #openUntil = 0;
  #timer: Timer | undefined;
  #lastError: unknown;
  #opened = 0;
  #rejections = 0;
  #wouldBe = 0;

  constructor(parts: CircuitParts) {
    const { name, settings = circuitDefaults, clock = systemClock, probe, random } = parts;
    this.name = name;
    this.#settings = settings;
    this.#mode = settings.mode;
    this.#clock = clock;
    this.#breaker = new Breaker(name);
    this.#evidence = new Evidence(settings, clock);
    this.#onProbingOver = parts.onProbingOver ?? (() => undefined);
    this.#onRefusing = parts.onRefusing ?? (() => undefined);
    this.#onWouldBe = parts.onWouldBe ?? (() => undefined);
    this.#onThrown = parts.onThrown ?? (() => undefined);
    if (probe === undefined) {
      const trials = parts.trials ?? trialDefaults;
      this.#trials = new Trials(trials, clock);
      this.#leastOpen = new LeastOpen(trials.openMs);
    } else {
      const times = parts.probeTimes ?? probeDefaults;
      const onResult = (error: unknown) => this.#onProbed(error);
      this.#prober = new Prober({ times, probe, onResult, clock, ...(random === undefined ? {} : { random }) });
      this.#leastOpen = new LeastOpen(0);
    }
  }

  get state(): CircuitState {
    if (this.#isolated) return 'isolated';
    return this.#closedForGood ? 'closed' : this.#breaker.state;
  }

  get mode(): CircuitMode {
    return this.#mode;
  }

  /** Switched while running: `off` closes an open circuit, and it begins closed when it is switched on again. */
  set mode(mode: CircuitMode) {
    if (mode === this.#mode || this.#closedForGood) return;
    this.#mode = mode;
    if (mode === 'off' && !this.#isolated) this.#toClosed('by-hand');
    this.#updateBarred();
  }

  /** Refuses everything, in every mode, until `resume()`. */
  isolate(): void {
    if (this.#isolated || this.#closedForGood) return;
    const from = this.state;
    this.#stopProbing();
    this.#cancelTimer();
    this.#evidence.endSuspicion();
    if (from === 'closed') this.#openedAt = this.#clock.now();
    this.#isolated = true;
    this.#breaker.open();
    this.#change('open', from, 'by-hand');
  }

  /** Ends `isolate()`: the circuit is closed, and opens again where the database is ill. */
  resume(): void {
    if (this.#isolated) this.#toClosed('by-hand');
  }

  /** A listener that throws harms nobody; what it throws is logged. */
  on<Name extends keyof CircuitEvents>(event: Name, listener: (change: CircuitEvents[Name]) => void): this {
    this.#listeners.add(event, listener);
    return this;
  }

  off<Name extends keyof CircuitEvents>(event: Name, listener: (change: CircuitEvents[Name]) => void): this {
    this.#listeners.remove(event, listener);
    return this;
  }

  /**
   * Runs `fn` where the circuit is closed.
   *
   * @throws CircuitOpenError where it is not; `fn` is not called then
   */
  async execute<T>(fn: () => T | PromiseLike<T>): Promise<T> {
    const refused = this.admit();
    if (refused !== undefined) {
      if (this.turn.isOver()) await nextTurn();
      throw refused;
    }
    const token = this.begin();
    try {
      const result = await fn();
      this.succeed(token);
      return result;
    } catch (error) {
      this.settle(token, error, signOf(error));
      throw error;
    }
  }

  describe(): CircuitDescription {
    return {
      name: this.name,
      mode: this.#mode,
      state: this.state,
      failuresInARow: this.#settings.failuresInARow,
      failurePercent: this.#settings.failurePercent,
      leastCalls: this.#settings.leastCalls,
      windowMs: this.#settings.windowMs,
      isSuspected: this.#evidence.isSuspected,
      ...this.#evidence.totals,
      leastOpenMs: this.#leastOpen.ms,
      openedForMs: this.state === 'closed' ? undefined : this.#clock.now() - this.#openedAt,
      opened: this.#opened,
      rejections: this.#rejections,
      wouldBeRejections: this.#wouldBe,
      probes: this.#prober?.count ?? 0,
    };
  }

  /** @internal Whether calls are refused now. */
  get refuses(): boolean {
    return this.barred && (this.#isolated || this.#mode === 'on');
  }

  /** @internal How often the database has answered. */
  get answers(): number {
    return this.#answers;
  }

  /** @internal Why work may not begin; undefined where it may. Asked where `barred`. */
  admit(): CircuitOpenError | undefined {
    if (!this.barred) return undefined;
    if (this.#trials !== undefined && !this.#isolated) {
      // Timers may be starved by whoever asks in a tight loop, so the clock is asked as well.
      this.#look(this.#trials);
      if (this.#breaker.state === 'closed') return undefined;
      if (this.#breaker.state === 'half-open' && this.#trials.isFree) return undefined;
    }
    if (this.#mode !== 'on' && !this.#isolated) {
      this.#wouldBe += 1;
      this.#onWouldBe();
      return undefined;
    }
    this.#rejections += 1;
    return this.refusal();
  }

  /** @internal What those are told who are refused. */
  refusal(): CircuitOpenError {
    const openedForMs = this.#clock.now() - this.#openedAt;
    return new CircuitOpenError(this.name, {
      retryAfterMs: this.#retryAfterMs(),
      openedForMs,
      isIsolated: this.#isolated,
      lastSeen: this.#lastError === undefined ? undefined : lastSeen(this.#lastError),
    });
  }

  /** @internal Work begins. */
  begin(): number {
    const token = ++this.#tokens;
    if (this.#trials?.isFree === true && this.state === 'half-open') this.#trials.begin(token);
    return token;
  }

  /** @internal The database has answered it. */
  succeed(token: number): void {
    this.#answers += 1;
    if (token <= this.#stale || this.#mode === 'off') return;
    if (!this.barred) {
      const evidence = this.#evidence;
      evidence.addAnswer();
      // Without probes, that it works again is all that can be known.
      if (this.#prober === undefined && evidence.isSuspected && evidence.isNews(token)) evidence.endSuspicion();
    } else if (this.#trials?.succeed(token) === true && this.state === 'half-open') {
      this.#toClosed('recovered');
    }
  }

  /** @internal It has ended with an error. */
  settle(token: number, error: unknown, sign: Sign): void {
    if (sign === 'answered') {
      this.succeed(token);
    } else if (sign === 'failed' || (sign === 'late' && this.#prober === undefined)) {
      this.fail(token, error);
    } else {
      this.#trials?.end(token);
      if (sign === 'late') this.suspect(error);
    }
  }

  /** @internal The database could not be reached for it, or is ill. */
  fail(token: number, error: unknown): void {
    if (this.#mode === 'off' || this.#isolated) return;
    if (token <= this.#stale) {
      // It does not count, but it may be worth a probe.
      if (this.#prober !== undefined) this.suspect(error);
      return;
    }
    if (this.#breaker.state !== 'closed') {
      if (this.#trials?.end(token) !== true) return;
      this.#lastError = error;
      this.#leastOpen.double();
      this.#toOpen('trial-failed');
      return;
    }
    // One event is one failure, however many were under way when it came.
    if (!this.#evidence.isNews(token)) return;
    this.#lastError = error;
    const enough = this.#evidence.addFailure();
    this.suspect(error);
    if (enough !== undefined) this.#trip(enough);
  }

  /** @internal Something speaks against the database, but not enough. A probe will tell. */
  suspect(error: unknown): void {
    if (this.#evidence.isSuspected || this.#mode === 'off' || this.state !== 'closed' || this.#closedForGood) return;
    this.#lastError = error;
    this.#evidence.suspect(this.#tokens);
    this.#prober?.start();
  }

  /** @internal For good: no probe, no timer, no event any more; what is asked then is admitted. */
  shutdown(): void {
    this.#closedForGood = true;
    this.#mode = 'off';
    this.#isolated = false;
    this.#stopProbing();
    this.#cancelTimer();
    this.#breaker.shutdown();
    this.#listeners.clear();
    this.barred = false;
  }

  #onProbed(error: unknown): 'next' | 'confirm' | 'stop' {
    // One that is refused for good, for a wrong password say, has reached a database that lives.
    const sign = error === undefined ? 'answered' : signOf(error, 'connect');
    if (this.#breaker.state === 'closed') return this.#onSuspicionProbed(sign, error);
    if (sign !== 'answered') {
      this.#probesInARow = 0;
      this.#lastError = error;
      if (this.#breaker.state === 'half-open') {
        this.#breaker.open();
        this.#change('open', 'half-open', 'probe-failed');
      }
      return 'next';
    }
    this.#probesInARow += 1;
    if (this.#breaker.state === 'open') {
      this.#breaker.halfOpen();
      this.#change('halfOpen', 'open', 'probe-succeeded');
    }
    if (this.#probesInARow < SUCCESSES_TO_CLOSE) return 'confirm';
    if (this.#clock.now() < this.#openUntil) return 'next';
    this.#toClosed('recovered');
    return 'stop';
  }

  #onSuspicionProbed(sign: Sign, error: unknown): 'next' | 'stop' {
    if (sign === 'answered') {
      this.#evidence.endSuspicion();
      this.#onProbingOver();
      return 'stop';
    }
    // It could not be made: the function that tells the password has thrown, say.
    if (sign === 'nothing') return 'next';
    this.#lastError = error;
    if (this.#evidence.isOld) this.#trip('probe-failed');
    return 'next';
  }

  #trip(reason: CircuitReason): void {
    this.#leastOpen.onOpen(this.#clock.now());
    this.#toOpen(reason);
  }

  #toOpen(reason: CircuitReason): void {
    const from = this.state;
    const now = this.#clock.now();
    // The time that it is open counts from the first opening, not from that of a trial that failed.
    if (from === 'closed') {
      this.#openedAt = now;
      this.#opened += 1;
    }
    this.#openUntil = now + this.#leastOpen.ms;
    this.#evidence.endSuspicion();
    this.#probesInARow = 0;
    this.#stale = this.#tokens;
    this.#trials?.clear();
    this.#breaker.open();
    if (this.#trials !== undefined) this.#lookAt(this.#openUntil, this.#trials);
    // Before the listeners are told, who may want it stopped.
    this.#prober?.start();
    this.#change('open', from, reason);
  }

  #toClosed(reason: CircuitReason): void {
    const from = this.state;
    const now = this.#clock.now();
    this.#isolated = false;
    this.#stopProbing();
    this.#cancelTimer();
    this.#evidence.clear();
    this.#probesInARow = 0;
    this.#stale = this.#tokens;
    this.#trials?.clear();
    if (from === 'closed') return;
    if (reason === 'recovered') this.#leastOpen.onClose(now);
    this.#breaker.close();
    this.#change('close', from, reason);
    this.#lastError = undefined;
  }

  /** Without probes: whether it is time to let callers try, or whether one of them has hung. */
  #look(trials: Trials): void {
    const state = this.#breaker.state;
    if (state === 'open' && this.#clock.now() >= this.#openUntil) {
      this.#cancelTimer();
      this.#breaker.halfOpen();
      this.#change('halfOpen', 'open', 'trial-due');
    } else if (state === 'half-open' && trials.isHung) {
      this.#leastOpen.double();
      this.#toOpen('trial-failed');
    }
  }

  #lookAt(moment: number, trials: Trials): void {
    this.#cancelTimer();
    const look = () => {
      // Node's timers may come up to a millisecond early.
      if (this.#clock.now() < moment) this.#lookAt(moment, trials);
      else this.#look(trials);
    };
    const ms = Math.ceil(moment - this.#clock.now());
    this.#timer = outsideRequests(() => this.#clock.setTimeout(look, ms));
    this.#timer.unref?.();
  }

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #stopProbing(): void {
    if (this.#prober === undefined) return;
    this.#prober.stop();
    this.#onProbingOver();
  }

  #change(event: 'open' | 'halfOpen' | 'close', from: CircuitState, reason: CircuitReason): void {
    this.#updateBarred();
    const openedForMs = this.#clock.now() - this.#openedAt;
    const change = { circuit: this.name, from, to: this.state, reason, error: this.#lastError, openedForMs };
    this.#listeners.tell(event, change, this.#onThrown);
    this.#listeners.tell('stateChange', change, this.#onThrown);
  }

  #updateBarred(): void {
    const refused = this.#isRefusing;
    this.barred = this.#isolated || (this.#mode !== 'off' && this.#breaker.state !== 'closed');
    this.#isRefusing = this.refuses;
    if (this.#isRefusing && !refused) this.#onRefusing();
  }

  /** When it may be closed again at the soonest, as far as can be told. */
  #retryAfterMs(): number {
    const leastMs = Math.max(0, this.#openUntil - this.#clock.now());
    return this.#isolated ? 0 : Math.max(leastMs, this.#prober?.nextInMs ?? 0);
  }
}
