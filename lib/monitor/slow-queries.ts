import { systemClock, type Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { copyOf } from '../core/sql/copy-of.js';
import type { KnownStatement } from '../core/sql/statements.js';
import { sqlstate } from '../errors/classify.js';
import { DbResilienceError } from '../errors/errors.js';
import type { Explainer } from './explain.js';
import type { AnsweredStatement } from './hooks.js';
import { LineLimit } from './line-limit.js';
import type { SlowQuery } from './reports.js';

export interface SlowQueriesOptions {
  readonly thresholdMs: number;
  readonly logger: Logger;
  /** The pool's name. */
  readonly name: string;
  /** Undefined: no plans. */
  readonly explainer: Pick<Explainer, 'plan'> | undefined;
  /** How many are kept, the latest. Default 50. */
  readonly most?: number;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
  readonly clock?: Clock;
}

type Kept = { -readonly [Key in keyof SlowQuery]: SlowQuery[Key] };

const LONGEST_STATEMENT = 2000;
const MOST_LINES_A_SECOND = 10;
/** In a flood the others do not wait, so that no more than these are held besides the ones that are kept. */
const MOST_WAITING = 50;

/** The latest statements that took longer than a threshold, each logged once, with its plan where there is one. */
export class SlowQueries {
  readonly #options: SlowQueriesOptions;
  readonly #most: number;
  readonly #wallClock: () => number;
  readonly #limit: LineLimit;
  /** The latest last. */
  readonly #kept: Kept[] = [];
  /** Not logged yet, for their plans are being asked for. */
  readonly #waiting = new Set<Kept>();
  #total = 0;
  #isClosed = false;

  constructor(options: SlowQueriesOptions) {
    const { most = 50, wallClock = Date.now, clock = systemClock, logger, name } = options;
    this.#options = options;
    this.#most = most;
    this.#wallClock = wallClock;
    this.#limit = new LineLimit({
      mostASecond: MOST_LINES_A_SECOND,
      clock,
      onLeftOut: (count) => {
        quietly(() => logger.warn({ pool: name, left_out: count }, 'More statements were slow than are logged'));
      },
    });
  }

  /** Since the pool was made. */
  get total(): number {
    return this.#total;
  }

  /** @param text as its user wrote it; kept until it is explained, and no longer */
  take(
    statement: KnownStatement,
    text: string,
    answered: Pick<AnsweredStatement, 'rows' | 'requestId'>,
    ms: number,
    error: Error | undefined,
  ): void {
    const { thresholdMs, explainer } = this.#options;
    if (!(ms >= thresholdMs) || this.#isClosed) return;
    this.#total += 1;
    const { rows, requestId } = answered;
    const slow: Kept = {
      fingerprint: statement.id,
      statement: shortened(statement.text),
      duration_ms: Math.round(ms),
      rows: rows ?? null,
      request_id: requestId === undefined ? null : copyOf(requestId),
      error: error === undefined ? null : codeOf(error),
      at: new Date(this.#wallClock()).toISOString(),
      plan: null,
    };
    this.#kept.push(slow);
    if (this.#kept.length > this.#most) this.#kept.shift();
    if (explainer === undefined || this.#waiting.size >= MOST_WAITING) {
      this.#log(slow);
      return;
    }
    this.#waiting.add(slow);
    const onPlan = (plan: unknown) => {
      slow.plan = plan ?? null;
      if (this.#waiting.delete(slow)) this.#log(slow);
    };
    explainer.plan(statement, text).then(onPlan, () => onPlan(undefined));
  }

  /** The latest first. */
  list(limit = this.#most): SlowQuery[] {
    const latest = this.#kept.slice(-Math.max(1, limit)).reverse();
    return latest.slice(0, Math.max(0, limit)).map((slow) => ({ ...slow }));
  }

  /** Nothing is taken any more. What waits for its plan is logged without it. */
  close(): void {
    this.#isClosed = true;
    for (const slow of this.#waiting) this.#log(slow);
    this.#waiting.clear();
    this.#limit.close();
  }

  #log({ statement, fingerprint, duration_ms, rows, request_id, error, plan }: Kept): void {
    if (!this.#limit.admit()) return;
    const { logger, name } = this.#options;
    const fields = { pool: name, statement, fingerprint, duration_ms, rows, request_id, error, plan };
    quietly(() => logger.warn(fields, 'A slow statement'));
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_STATEMENT ? `${copyOf(text.slice(0, LONGEST_STATEMENT))}...` : text;
}

/** Never a message: it may repeat values. */
function codeOf(error: Error): string {
  return (DbResilienceError.is(error) ? error.code : sqlstate(error)) ?? 'UNKNOWN';
}

/** The line is written outside the call that was slow, where nobody would catch what a logger throws. */
function quietly(write: () => void): void {
  try {
    write();
  } catch {
    // It costs its own line only.
  }
}
