import { fingerprint } from '../core/sql/fingerprint.js';
import type { CircuitOpenError } from '../errors/errors.js';
import { Circuit } from '../policy/circuit/circuit.js';
import type { CircuitChange } from '../policy/circuit/change.js';
import { circuitDefaults } from '../policy/circuit/settings.js';

export interface SlowStatementsOptions {
  /** The pool's name. */
  readonly name: string;
  /** So many time-outs in a row of one statement, after the first; `false`: it is never refused. */
  readonly timeoutsInARow: number | false;
  /** What ran for less than this before its time was over may be fast enough for others. */
  readonly leastMs: number;
  /** The circuit of the whole database: its mode holds here as well. */
  readonly circuit: Circuit;
  readonly onWouldBe: () => void;
  readonly onChange: (change: CircuitChange, statement: string) => void;
}

const MOST_CIRCUITS = 100;
const MOST_TEXTS = 500;
const FORGOTTEN_AFTER_MS = 60_000;

interface Slow {
  readonly circuit: Circuit;
  lastLateAt: number;
}

/** One statement on its way whose like has timed out before. */
export interface Watched {
  readonly circuit: Circuit;
  readonly token: number;
}

/**
 * A circuit for each statement that times out again and again while the database is well: it holds connections for as long
 * as its time-out, and brings nothing. Known by its fingerprint. Empty unless something times out, so it costs nothing then.
 */
export class SlowStatements {
  readonly #options: SlowStatementsOptions;
  readonly #slow = new Map<string, Slow>();
  /** To spare a text that comes again its tokenizing. */
  readonly #ids = new Map<string, string>();
  #isClosed = false;

  constructor(options: SlowStatementsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slow.size;
  }

  /** Why a statement may not begin; undefined where it may. */
  admit(text: string): CircuitOpenError | undefined {
    return this.#of(text)?.circuit.admit();
  }

  /**
   * The same for one that was admitted, and has waited for a connection since: others that were admitted before any had
   * begun may have begun meanwhile.
   */
  admitStill(text: string): CircuitOpenError | undefined {
    const circuit = this.#of(text)?.circuit;
    return circuit?.refuses === true ? circuit.admit() : undefined;
  }

  /** A statement begins; undefined where none like it has timed out. */
  begin(text: string): Watched | undefined {
    const circuit = this.#of(text)?.circuit;
    return circuit && { circuit, token: circuit.begin() };
  }

  /** It has ended before its time was over, if only with an error. */
  onAnswer({ circuit, token }: Watched): void {
    circuit.succeed(token);
    if (circuit.state === 'closed' && !circuit.describe().isSuspected) this.#forget(circuit);
  }

  /** It has run out of time. */
  onLate(text: string, watched: Watched | undefined, ranMs: number, error: unknown): void {
    const { timeoutsInARow, leastMs, circuit: all } = this.#options;
    if (timeoutsInARow === false || ranMs < leastMs || all.state !== 'closed' || all.mode === 'off' || this.#isClosed) {
      if (watched !== undefined) watched.circuit.settle(watched.token, error, 'nothing');
      return;
    }
    let slow = this.#of(text);
    const isFirst = slow === undefined;
    slow ??= this.#add(text, timeoutsInARow);
    const { circuit } = slow;
    slow.lastLateAt = performance.now();
    // What was under way when the first one was late is the same event, and has no token of this circuit.
    if (isFirst) circuit.fail(circuit.begin(), error);
    else if (watched?.circuit === circuit) circuit.fail(watched.token, error);
  }

  /** Of those that have not timed out for a while. */
  prune(now: number): void {
    for (const { circuit, lastLateAt } of this.#slow.values()) {
      if (circuit.state === 'closed' && now - lastLateAt > FORGOTTEN_AFTER_MS) this.#forget(circuit);
    }
  }

  /** What timed out while the database itself was ill says nothing of the statement. */
  clear(): void {
    for (const { circuit } of this.#slow.values()) circuit.shutdown();
    this.#slow.clear();
    this.#ids.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.clear();
  }

  #of(text: string): Slow | undefined {
    // pg tells its caller what it thinks of a text that is none.
    return typeof text === 'string' ? this.#slow.get(this.#idOf(text)) : undefined;
  }

  #add(text: string, timeoutsInARow: number): Slow {
    const { name, leastMs, circuit: all, onWouldBe, onChange } = this.#options;
    const print = fingerprint(text);
    const circuit = new Circuit({
      name: `${name}, statement ${print.id}`,
      settings: { ...circuitDefaults, mode: all.mode, failuresInARow: timeoutsInARow, leastCalls: Infinity },
      onWouldBe,
      // One at a time may try whether it is fast again. One that has no time-out may not keep others out for ever.
      trials: { openMs: 1000, permits: 1, timeoutMs: 2 * leastMs },
    });
    circuit.on('stateChange', (change) => onChange(change, print.text));
    const oldest = this.#slow.values().next().value;
    if (this.#slow.size >= MOST_CIRCUITS && oldest !== undefined) this.#forget(oldest.circuit);
    const slow: Slow = { circuit, lastLateAt: 0 };
    this.#slow.set(print.id, slow);
    return slow;
  }

  #forget(circuit: Circuit): void {
    for (const [id, slow] of this.#slow) if (slow.circuit === circuit) this.#slow.delete(id);
    if (this.#slow.size === 0) this.#ids.clear();
    circuit.shutdown();
  }

  #idOf(text: string): string {
    let id = this.#ids.get(text);
    if (id === undefined) {
      ({ id } = fingerprint(text));
      if (this.#ids.size >= MOST_TEXTS) this.#ids.clear();
      // A long text is rarely a constant, and would be kept for nothing.
      if (text.length <= 8192) this.#ids.set(text, id);
    }
    return id;
  }
}
