import { systemClock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { outsideRequests } from '../core/root-scope.js';
import { explainable } from '../core/sql/explainable.js';
import { redactPlan } from '../core/sql/redact-plan.js';
import type { KnownStatement } from '../core/sql/statements.js';
import { sqlstate } from '../errors/classify.js';
import { DbResilienceError } from '../errors/errors.js';
import { explainStatement } from './explain-statement.js';
import type { Inspect } from './inspect.js';

export interface ExplainerOptions {
  readonly inspect: Inspect;
  readonly logger: Logger;
  /** The pool's name. */
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** How long a plan is taken for that of its statement. Default an hour. */
  readonly everyMs?: number;
  /** Default 2 s. */
  readonly timeoutMs?: number;
  /** Statements in `everyMs`; no other is explained meanwhile. Default 500. */
  readonly most?: number;
}

interface Known {
  /** When it may be explained again; never before it is explained. */
  dueAt: number;
  plan: unknown;
  bytes: number;
  answer: Promise<unknown> | undefined;
}

interface Job {
  readonly id: string;
  readonly text: string;
  readonly hasParameters: boolean;
  readonly known: Known;
  readonly resolve: (plan: unknown) => void;
}

const LONGEST_TEXT = 100_000;
/** Of all plans, as JSON. */
const MOST_BYTES = 1_000_000;
/** After a failure that may be over by then. */
const AGAIN_MS = 60_000;
/** A lock, the time-out, no room, a server that goes down or comes up. */
const passing = /^(?:55P03|57|53|08)/;

/** Plans of statements, without values: one statement at a time is explained, each once in an hour, and one waits. */
export class Explainer {
  readonly #inspect: Inspect;
  readonly #logger: Logger;
  readonly #name: string;
  readonly #now: () => number;
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #most: number;
  /** By fingerprint, the one asked for longest ago first. */
  readonly #known = new Map<string, Known>();
  #bytes = 0;
  #running: Job | undefined;
  #waiting: Job | undefined;
  #isClosed = false;

  constructor({
    inspect,
    logger,
    name,
    now = () => systemClock.now(),
    everyMs = 3_600_000,
    timeoutMs = 2000,
    most = 500,
  }: ExplainerOptions) {
    this.#inspect = inspect;
    this.#logger = logger;
    this.#name = name;
    this.#now = now;
    this.#everyMs = everyMs;
    this.#timeoutMs = timeoutMs;
    this.#most = most;
  }

  /**
   * The plan of a statement: the known one, or what the server says now. Undefined where there is none, or none so soon.
   * Never rejects.
   *
   * @param text as its user wrote it; let go of as soon as it is explained
   */
  plan({ id }: KnownStatement, text: string): Promise<unknown> {
    const known = this.#known.get(id);
    if (known !== undefined && known.dueAt > this.#now()) return known.answer ?? Promise.resolve(known.plan);
    const form = this.#isClosed || this.#waiting || text.length > LONGEST_TEXT ? undefined : explainable(text);
    if (form === undefined || !this.#makesRoom(id)) return Promise.resolve(known?.plan);
    const entry: Known = { dueAt: Infinity, plan: undefined, bytes: 0, answer: undefined };
    this.#known.set(id, entry);
    return (entry.answer = new Promise((resolve) => {
      const job: Job = { id, text, hasParameters: form.hasParameters, known: entry, resolve };
      if (this.#running === undefined) void this.#explain(job);
      else this.#waiting = job;
    }));
  }

  /** Whoever waits for a plan is told that there is none. */
  close(): void {
    this.#isClosed = true;
    this.#running?.resolve(undefined);
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
    this.#known.clear();
    this.#bytes = 0;
  }

  #makesRoom(id: string): boolean {
    const oldest = this.#known.has(id) || this.#known.size < this.#most ? id : this.#known.keys().next().value;
    if (oldest === undefined) return false;
    const known = this.#known.get(oldest);
    if (known === undefined) return true;
    if (known.dueAt > this.#now()) return false;
    this.#bytes -= known.bytes;
    return this.#known.delete(oldest);
  }

  async #explain(job: Job): Promise<void> {
    this.#running = job;
    const { text, hasParameters, known } = job;
    const timeoutMs = this.#timeoutMs;
    let pauseMs = this.#everyMs;
    try {
      const plan = await outsideRequests(async () =>
        this.#inspect((run) => explainStatement(run, text, { hasParameters, timeoutMs }), timeoutMs),
      );
      if (plan !== undefined) known.plan = redactPlan(plan);
    } catch (error) {
      const code = sqlstate(error);
      if (code === undefined || passing.test(code)) pauseMs = Math.min(pauseMs, AGAIN_MS);
      this.#tell(job.id, code ?? (DbResilienceError.is(error) ? error.code : undefined));
    }
    known.answer = undefined;
    known.dueAt = this.#now() + pauseMs;
    this.#count(known);
    job.resolve(known.plan);
    this.#running = undefined;
    const next = this.#waiting;
    this.#waiting = undefined;
    if (next !== undefined) void this.#explain(next);
  }

  #count(known: Known): void {
    if (known.plan === undefined || this.#isClosed) return;
    known.bytes = JSON.stringify(known.plan).length;
    this.#bytes += known.bytes;
    for (const old of this.#known.values()) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#bytes -= old.bytes;
      old.bytes = 0;
      old.plan = undefined;
    }
  }

  #tell(fingerprint: string, error: string | undefined): void {
    if (this.#isClosed) return;
    try {
      this.#logger.debug(
        { pool: this.#name, fingerprint, error: error ?? null },
        'A slow statement could not be explained',
      );
    } catch {
      // A logger that throws costs its own line only.
    }
  }
}
