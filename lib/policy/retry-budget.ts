/** How fast what was earned and not used is forgotten. */
const MEMORY_MS = 10_000;

/**
 * How much may be sent again: a share of the calls, and a few a second however few calls there are. So when everything
 * fails, the retries add that share to the load and no more (as Finagle's RetryBudget and failsafe-go's Budget do).
 */
export class RetryBudget {
  readonly #share: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #calls = 0;
  #earned = 0;
  #earnedAt: number;
  #spare: number;
  #spareAt: number;

  /**
   * @param percent of the calls, 0 or more
   * @param perSecond that many at least
   * @param now milliseconds
   */
  constructor(percent: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#share = percent / 100;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#earnedAt = now();
    // The first second's are there at once, and it takes the next second to bring more.
    this.#spare = perSecond;
    this.#spareAt = this.#earnedAt + 1000;
  }

  /** A call was made, whatever becomes of it. */
  onCall(): void {
    this.#calls += 1;
  }

  /** Takes one retry; false where there is none left. */
  take(): boolean {
    this.#look(this.#now());
    if (this.#earned >= 1) this.#earned -= 1;
    else if (this.#spare >= 1) this.#spare -= 1;
    else return false;
    return true;
  }

  #look(now: number): void {
    const passed = Math.max(now - this.#earnedAt, 0);
    // Of a long time only the last part counts, at the mean rate: so calls are counted and nothing else.
    const recent = passed > MEMORY_MS ? MEMORY_MS / passed : 1;
    this.#earned = this.#earned * Math.max(0, 1 - passed / MEMORY_MS) + this.#calls * this.#share * recent;
    this.#calls = 0;
    this.#earnedAt = now;
    if (now <= this.#spareAt) return;
    this.#spare = Math.min(
      Math.max(1, this.#perSecond),
      this.#spare + ((now - this.#spareAt) / 1000) * this.#perSecond,
    );
    this.#spareAt = now;
  }
}
