import { Expiring } from '../core/deadline-list.js';
import type { DeadlineList } from '../core/deadline-list.js';

/** After this long an attempt is late, or after twice what the last one took, where that is longer. */
const LATE_MS = 1000;
/** At the latest: one slow connect must not make the pool patient with a dead network. */
const LATE_AT_MOST_MS = 5000;

/** An attempt to connect. */
export class Dial extends Expiring {
  readonly controller = new AbortController();
  late = false;

  constructor(
    readonly since: number,
    readonly onLate: (dial: Dial) => void,
  ) {
    super();
  }

  /** Nobody hopes for it any more. */
  get givenUp(): boolean {
    return this.controller.signal.aborted;
  }

  override expire(): void {
    this.late = true;
    this.onLate(this);
  }
}

/**
 * The attempts to connect that are under way. A late one may have begun in a network that has since healed, so it is not
 * counted on any more and another one may take its place; it may still succeed, and as many as `kept` of them are given
 * the time to. The oldest are: where a server is slow and not dead, they are the nearest to success.
 */
export class Dials {
  readonly #deadlines: DeadlineList;
  readonly #kept: number;
  readonly #onLate: () => void;
  readonly #young = new Set<Dial>();
  readonly #late = new Set<Dial>();
  #lastMs = 0;

  constructor(deadlines: DeadlineList, kept: number, onLate: () => void) {
    this.#deadlines = deadlines;
    this.#kept = kept;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#young.size + this.#late.size;
  }

  /** Those that are not late. */
  get young(): number {
    return this.#young.size;
  }

  begin(): Dial {
    const now = this.#deadlines.now();
    const dial = new Dial(now, (late) => this.#becomeLate(late));
    this.#young.add(dial);
    this.#deadlines.add(dial, now + Math.min(Math.max(LATE_MS, 2 * this.#lastMs), LATE_AT_MOST_MS));
    return dial;
  }

  /** It has succeeded or failed. */
  end(dial: Dial, succeeded: boolean): void {
    this.#deadlines.remove(dial);
    this.#young.delete(dial);
    this.#late.delete(dial);
    if (!succeeded) return;
    this.#lastMs = this.#deadlines.now() - dial.since;
    for (const late of this.#late) {
      if (late.since < dial.since)
        late.controller.abort(new Error('The server accepted a connection that was begun later'));
    }
  }

  close(): void {
    const reason = new Error('The pool was closed while a connection was being opened');
    for (const { controller } of [...this.#young, ...this.#late]) controller.abort(reason);
  }

  #becomeLate(dial: Dial): void {
    this.#young.delete(dial);
    this.#late.add(dial);
    if (this.#late.size > this.#kept) {
      const ms = String(Math.round(this.#deadlines.now() - dial.since));
      dial.controller.abort(new Error(`The server did not accept a connection within ${ms} ms`));
    }
    this.#onLate();
  }
}
