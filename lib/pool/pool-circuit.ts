import { systemClock } from '../core/clock.js';
import { Circuit } from '../policy/circuit/circuit.js';
import { Ramp } from '../policy/circuit/ramp.js';
import type { Bag } from './bag.js';
import { logChange, logThrown } from './circuit-log.js';
import type { Dial } from './line.js';
import type { ResolvedPoolOptions } from './options/index.js';
import { ProbeLine } from './probe-line.js';

/** The circuit of a pool, with its probe, and what the pool does when it changes. */
export class PoolCircuit {
  readonly circuit: Circuit;
  readonly #line: ProbeLine;
  readonly #options: ResolvedPoolOptions;
  #ramp: Ramp | undefined;

  constructor(options: ResolvedPoolOptions, dial: Dial) {
    const { name, logger, circuit: settings } = options;
    const { timeoutMs } = settings.probes;
    this.#options = options;
    this.#line = new ProbeLine(dial);
    this.circuit = new Circuit({
      name,
      settings,
      // The prober ends it in time; this is for the day when it does not.
      probe: (signal) => this.#line.ask(signal, 2 * timeoutMs),
      onProbingOver: () => this.#line.close(),
      probeTimes: settings.probes,
      onThrown: (error) => logThrown(logger, name, error),
    });
    this.circuit.on('stateChange', (change) => logChange(logger, change));
  }

  get isProbing(): boolean {
    return this.#line.isOpen;
  }

  /** From now on it acts on this bag. */
  guard(bag: Bag): void {
    const { max, circuit: settings } = this.#options;
    const ramp = new Ramp(settings.rampMs, (limit) => bag.setLimit(limit), systemClock);
    this.#ramp = ramp;
    this.circuit.on('open', () => {
      ramp.end();
      // Who waits for a connection would wait for nothing.
      if (this.circuit.refuses) bag.refuseAll(() => this.circuit.refusal());
    });
    this.circuit.on('close', ({ reason }) => {
      if (reason === 'recovered' && this.circuit.mode === 'on') ramp.begin(max);
    });
  }

  close(): void {
    this.circuit.shutdown();
    this.#ramp?.end();
    this.#line.close();
  }
}
