/** A capture takes some 15 µs where an async function waits for it: so many take 0.15 % of a core. */
const PER_SECOND = 100;
const SECOND_MS = 1000;
const WATCHFUL_MS = 60_000;

/**
 * Of which checkouts the stack is captured: each, up to a hundred a second. Above that a leak may be reported without its
 * borrower; then each is captured for a minute, so that the next one has it.
 */
export class StackBudget {
  #since = -Infinity;
  #left = 0;
  #watchfulUntil = -Infinity;

  take(now: number): boolean {
    if (now - this.#since >= SECOND_MS) {
      this.#since = now;
      this.#left = PER_SECOND;
    }
    if (this.#left > 0) {
      this.#left -= 1;
      return true;
    }
    return now < this.#watchfulUntil;
  }

  /** A leak was reported whose borrower is not known. */
  onUnknownBorrower(now: number): void {
    this.#watchfulUntil = now + WATCHFUL_MS;
  }
}
