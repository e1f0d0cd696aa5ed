/** What is to happen in the model, to the millisecond. Cheaper than timers where there are thousands a second. */
export class Calendar {
  now = 0;
  readonly #entries = new Map<number, (() => void)[]>();

  after(ms: number, what: () => void): void {
    const at = this.now + Math.max(1, Math.round(ms));
    const entries = this.#entries.get(at);
    if (entries === undefined) this.#entries.set(at, [what]);
    else entries.push(what);
  }

  /** Moves on to that moment, the next whole millisecond. */
  runUntil(now: number): void {
    this.now = now;
    for (const what of this.#entries.get(now) ?? []) what();
    this.#entries.delete(now);
  }
}
