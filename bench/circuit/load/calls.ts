import type { ResilientPool } from '../../../lib/index.js';
import { statement } from './wire.js';

/** A call and what became of it. Times are of `performance.now()`. */
export interface Answer {
  /** When it was to be made, whenever that came about. */
  readonly dueAt: number;
  readonly endedAt: number;
  /** The call alone, from its beginning to its end. */
  readonly tookMs: number;
  readonly kind: 'ok' | 'refused' | 'failed';
  /** The circuit was not closed when the call was made. */
  readonly madeWhileOpen: boolean;
  /** What failed. */
  readonly code?: string;
}

/** Calls by the clock, however many of them are still without an answer. */
export class Calls {
  readonly answers: Answer[] = [];
  /** How much later than due the worst one was made: what this process itself adds at most. */
  worstDelayMs = 0;
  readonly #pool: ResilientPool;
  readonly #everyMs: number;
  readonly #began = performance.now();
  readonly #open = new Set<Promise<void>>();
  #made = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: ResilientPool, perSecond: number) {
    this.#pool = pool;
    this.#everyMs = 1000 / perSecond;
    this.#tick();
  }

  /** Makes no more, and resolves when all are answered. */
  async stop(): Promise<readonly Answer[]> {
    clearTimeout(this.#timer);
    while (this.#open.size > 0) await Promise.all(this.#open);
    return this.answers;
  }

  #tick(): void {
    const due = this.#due();
    const late = performance.now() - due;
    if (late >= 0) {
      this.worstDelayMs = Math.max(this.worstDelayMs, late);
      this.#made += 1;
      const call = this.#call(due).then(() => void this.#open.delete(call));
      this.#open.add(call);
    }
    // One a turn, also where several are due: what one takes is not to be counted as another's.
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.#due() - performance.now()));
  }

  #due(): number {
    return this.#began + this.#made * this.#everyMs;
  }

  async #call(dueAt: number): Promise<void> {
    const madeWhileOpen = this.#pool.circuit.state !== 'closed';
    const beganAt = performance.now();
    const end = (answer: Pick<Answer, 'kind' | 'code'>) => {
      const endedAt = performance.now();
      this.answers.push({ dueAt, endedAt, tookMs: endedAt - beganAt, madeWhileOpen, ...answer });
    };
    try {
      await this.#pool.query(statement);
      end({ kind: 'ok' });
    } catch (error) {
      const { code = 'no code' } = error as { code?: string };
      end(code === 'DB_CIRCUIT_OPEN' ? { kind: 'refused' } : { kind: 'failed', code });
    }
  }
}
