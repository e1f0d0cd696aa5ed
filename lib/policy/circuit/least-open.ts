/** A circuit that opens again so soon after it was closed stays open for longer each time. */
const SOON_MS = 60_000;
const LEAST_MS = 1000;
const MOST_MS = 16_000;

/**
 * For how long a circuit stays open at least. Not at all the first time, since probes find out when the database is back;
 * but where it opens again and again, up to 16 s, so that a server that comes and goes is not stormed each time.
 */
export class LeastOpen {
  readonly #firstMs: number;
  #ms = 0;
  #closedAt = -Infinity;

  /** @param firstMs where nothing but time tells that it is worth another try */
  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  get ms(): number {
    return this.#ms;
  }

  onOpen(now: number): void {
    if (now - this.#closedAt <= SOON_MS) this.double();
    else this.#ms = this.#firstMs;
  }

  /** What was tried has failed. */
  double(): void {
    this.#ms = Math.max(this.#firstMs, Math.min(Math.max(LEAST_MS, this.#ms * 2), MOST_MS));
  }

  onClose(now: number): void {
    this.#closedAt = now;
  }
}
