import type { DbResilience } from 'express-db-resilience';
import type { Faults } from './faults.js';
import type { Terminal } from './terminal.js';

const EVERY_MS = 1000;

export interface WatchOptions {
  url: string;
  resilience: DbResilience;
  faults: Faults;
  terminal: Terminal;
}

/** From a fault until all is well again: asks the API once a second, as a client would, and shows what it gets. */
export class Watch {
  readonly #options: WatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  /** Each answer is shown once, until the next word. */
  readonly #shown = new Set<string>();
  #since = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#since = performance.now();
    this.#shown.clear();
    this.#timer ??= setInterval(() => void this.#look(), EVERY_MS);
    void this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { terminal, faults, resilience } = this.#options;
    const started = performance.now();
    const answer = await this.#ask();
    this.#asking = false;
    if (this.#timer === undefined) return;
    const took = `${String(Math.round(performance.now() - started))} ms`;
    if (!this.#shown.has(answer)) terminal.say(`  GET /exploits/1  ${answer} (${took})`);
    this.#shown.add(answer);
    if (faults.healthy && answer === '200' && resilience.isReady) {
      const ms = Math.round(performance.now() - this.#since);
      this.stop();
      terminal.say(`  All is well again, ${String(ms)} ms after the last word was done.`);
      terminal.status('');
    } else {
      terminal.status(`[${answer.slice(0, 3)} in ${took} · ${this.#pool()} · ${this.#readiness()}]`);
    }
  }

  async #ask(): Promise<string> {
    try {
      const response = await fetch(`${this.#options.url}/exploits/1`);
      const { code } = (await response.json()) as { code?: string };
      return code === undefined ? String(response.status) : `${String(response.status)} ${code}`;
    } catch {
      return 'no answer';
    }
  }

  #pool(): string {
    const { db } = this.#options.resilience;
    return `pool ${String(db.totalCount)}, idle ${String(db.idleCount)}, waiting ${String(db.waitingCount)}`;
  }

  #readiness(): string {
    return this.#options.resilience.unreadyReason ?? 'ready';
  }
}
