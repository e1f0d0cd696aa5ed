import { operations } from '../core/sql/statements.js';
import type { Operation, Statements } from '../core/sql/statements.js';
import type { AcquireFailure, AnsweredStatement, PoolHooks } from '../monitor/hooks.js';
import { ErrorTypes } from './error-types.js';
import { Histogram } from './histogram.js';
import { codeOf, outcomeOf, queryOutcomes } from './query-outcome.js';
import type { QueryOutcome } from './query-outcome.js';

export interface MetricHooksOptions {
  readonly statements: Statements;
  /** What took at least so long is slow. */
  readonly slowQueryThresholdMs: number;
}

/**
 * Counts what a pool tells of its work, in plain numbers: who asks for the metrics reads them. It allocates nothing and
 * looks no label up, so that it may be told of each statement.
 */
export class MetricHooks implements PoolHooks {
  readonly created = new Histogram();
  readonly acquired = new Histogram();
  readonly used = new Histogram();
  readonly acquireFailures: Record<AcquireFailure, number> = {
    timeout: 0,
    deadline: 0,
    cancelled: 0,
    'circuit-open': 0,
    connect: 0,
    closed: 0,
  };
  readonly queries = byOperation();
  readonly errors = new ErrorTypes();
  readonly timeouts = { query: 0, deadline: 0 };
  readonly retries = { succeeded: 0, failed: 0 };
  slow = 0;
  readonly #statements: Statements;
  readonly #slowMs: number;

  constructor({ statements, slowQueryThresholdMs }: MetricHooksOptions) {
    this.#statements = statements;
    this.#slowMs = slowQueryThresholdMs;
  }

  onCreated(ms: number): void {
    this.created.observe(ms);
  }

  onAcquired(waitMs: number): void {
    this.acquired.observe(waitMs);
  }

  onAcquireFailed(reason: AcquireFailure): void {
    this.acquireFailures[reason]++;
  }

  onLent(): void {}

  onReleased(heldMs: number): void {
    this.used.observe(heldMs);
  }

  onAsked(): void {}

  onAnswered({ text }: AnsweredStatement, ms: number, error: Error | undefined): void {
    const outcome = outcomeOf(error);
    this.queries[this.#statements.of(text).operation][outcome].observe(ms);
    if (ms >= this.#slowMs) this.slow++;
    if (error === undefined) return;
    this.errors.count(error);
    if (outcome === 'timeout') this.timeouts[codeOf(error) === 'DB_DEADLINE_EXCEEDED' ? 'deadline' : 'query']++;
  }

  onRetried(hasSucceeded: boolean): void {
    this.retries[hasSucceeded ? 'succeeded' : 'failed']++;
  }
}

type ByOutcome = Record<QueryOutcome, Histogram>;

function byOperation(): Record<Operation, ByOutcome> {
  return fill(operations, () => fill(queryOutcomes, () => new Histogram()));
}

function fill<K extends string, V>(keys: readonly K[], make: () => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make()])) as Record<K, V>;
}
