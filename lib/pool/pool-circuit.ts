import { ShuttingDownError } from '../errors/errors.js';
import { systemClock } from '../core/clock.js';
import { Circuit } from '../policy/circuit/circuit.js';
import { Ramp } from '../policy/circuit/ramp.js';
import type { Bag } from './bag.js';
import { logChange, logThrown } from './circuit-log.js';
import type { Dial } from './line.js';
import type { Mode } from './mode.js';
import type { ResolvedPoolOptions } from './options/index.js';
import { ProbeLine } from './probe-line.js';
import { SlowStatements } from './slow-statements.js';

/** Of a deadline, what is before the statement is mostly little. */
const MUCH_OF_THE_TIME = 0.8;

/** The circuit of a pool, with its probe, and what the pool does when it changes. */
export class PoolCircuit {
  readonly circuit: Circuit;
  readonly slow: SlowStatements;
  readonly #line: ProbeLine;
  readonly #healthLine: ProbeLine;
  readonly #options: ResolvedPoolOptions;
  #ramp: Ramp | undefined;
  #bag: Bag | undefined;
  /** Aborted when the pool is closed. */
  #healthProbe: AbortController | undefined;
  #isClosed = false;

  constructor(options: ResolvedPoolOptions, mode: Mode, dial: Dial) {
    const { name, logger, circuit: settings } = options;
    const onWouldBe = () => void mode.applies('circuit-open');
    this.#options = options;
    this.#line = new ProbeLine(dial);
    this.#healthLine = new ProbeLine(dial);
    this.circuit = new Circuit({
      name,
      settings,
      probe: (signal) => this.#ask(this.#line, signal),
      onProbingOver: () => this.#line.close(),
      probeTimes: settings.probes,
      onWouldBe,
      // Who waits for a connection would wait for nothing.
      onRefusing: () => this.#bag?.refuseAll('circuit-open', () => this.circuit.refusal()),
      onThrown: (error) => logThrown(logger, name, error),
    });
    this.circuit.on('stateChange', (change) => logChange(logger, change));
    const { queryTimeoutMs } = options;
    this.slow = new SlowStatements({
      name,
      timeoutsInARow: queryTimeoutMs === false ? false : settings.timeoutsInARow,
      // One with a shorter time-out of its own may be fast enough for others.
      leastMs: MUCH_OF_THE_TIME * (queryTimeoutMs || 0),
      circuit: this.circuit,
      onWouldBe,
      onChange: (change, statement) => logChange(logger, change, statement),
    });
  }

  get isProbing(): boolean {
    return this.#line.isOpen || this.#healthLine.isOpen;
  }

  /** From now on it acts on this bag. */
  guard(bag: Bag): void {
    const { max, circuit: settings } = this.#options;
    const ramp = new Ramp(settings.rampMs, (limit) => bag.setLimit(limit), systemClock);
    this.#ramp = ramp;
    this.#bag = bag;
    this.circuit.on('open', () => {
      ramp.end();
      this.slow.clear();
    });
    this.circuit.on('close', ({ reason }) => {
      if (reason === 'recovered' && this.circuit.mode === 'on') ramp.begin(max);
    });
  }

  /** For a health monitor, which asks all the time and at a pace of its own. Rejects once the pool is closed. */
  async askForHealth(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closed();
    signal.throwIfAborted();
    const probe = new AbortController();
    const onAbort = () => probe.abort(signal.reason);
    signal.addEventListener('abort', onAbort);
    this.#healthProbe = probe;
    try {
      await this.#ask(this.#healthLine, probe.signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#healthProbe?.abort(closed());
    this.#healthLine.close();
    this.circuit.shutdown();
    this.slow.close();
    this.#ramp?.end();
    this.#line.close();
  }

  async #ask(line: ProbeLine, signal: AbortSignal): Promise<void> {
    try {
      await line.ask(signal);
    } catch (error) {
      if (this.#bag?.isFullHouse(error) !== true) throw error;
    }
  }
}

function closed(): ShuttingDownError {
  return new ShuttingDownError('The pool was closed');
}
