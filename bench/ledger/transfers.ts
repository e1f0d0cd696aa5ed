import type { Told, Transfer } from './checker.js';
import { accounts, hungAfterMs, timeoutMs } from './names.js';
import type { Random } from './random.js';
import type { Subject } from './subjects/subject.js';

/** Transfers by the clock, however many of them are still without an answer. */
export class Transfers {
  /** How much later than due the worst one was begun: what this instrument itself adds. */
  worstDelayMs = 0;
  stored = 0;
  /** How often a transaction was begun. */
  attempts = 0;
  #answered = 0;
  readonly #told: (Told | undefined)[] = [];
  readonly #asked: (Transfer & { begunAt: number })[] = [];
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #everyMs: number;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(subject: Subject, random: Random, perSecond: number) {
    this.#subject = subject;
    this.#random = random;
    this.#everyMs = 1000 / perSecond;
    this.#tick();
  }

  get begun(): number {
    return this.#asked.length;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Begins no more, waits for the answers, and returns what was told; those without one are told nothing. */
  async finish(): Promise<Told[]> {
    clearTimeout(this.#timer);
    const until = performance.now() + timeoutMs + hungAfterMs;
    while (this.#answered < this.begun && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#asked.map(
      (asked, index) => this.#told[index] ?? { ...asked, attemptedAt: asked.begunAt, told: 'nothing' },
    );
  }

  #tick(): void {
    const now = performance.now();
    for (let due = this.#due(); due <= now; due = this.#due()) {
      this.worstDelayMs = Math.max(this.worstDelayMs, performance.now() - due);
      void this.#begin();
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#due() - performance.now()));
  }

  #due(): number {
    return this.#startedAt + this.begun * this.#everyMs;
  }

  async #begin(): Promise<void> {
    const id = this.begun;
    const source = this.#random.whole(1, accounts);
    const target = ((source - 1 + this.#random.whole(1, accounts - 1)) % accounts) + 1;
    const asked = { id, source, target, amount: this.#random.whole(1, 100), begunAt: performance.now() };
    const isolation = this.#random.chance(0.1) ? 'repeatable read' : 'read committed';
    let attemptedAt = asked.begunAt;
    const onAttempt = (): void => {
      this.attempts += 1;
      attemptedAt = performance.now();
    };
    this.#asked.push(asked);
    let answer: Pick<Told, 'told' | 'reason'>;
    try {
      await this.#subject.transfer(asked, { timeoutMs, isolation, onAttempt });
      answer = { told: 'stored' };
      this.stored += 1;
    } catch (error) {
      answer = tellFrom(error);
    }
    this.#told[id] = { ...asked, ...answer, attemptedAt, answeredAt: performance.now() };
    this.#answered += 1;
  }
}

function tellFrom(error: unknown): Pick<Told, 'told' | 'reason'> {
  const { outcome, reason, code, name } = error as Partial<Record<'outcome' | 'reason' | 'code' | 'name', string>>;
  if (outcome === 'unknown') return { told: 'unknown', reason: reason ?? code ?? String(name) };
  return { told: 'failed', reason: code ?? String(name) };
}
