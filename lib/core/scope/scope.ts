/** Work in a scope that can be ended before it is done. */
export interface Bound {
  /** Nobody waits for the answer any more. Called at most once. */
  onCancelled(reason: Cancellation): void;
  /** A deadline above it has moved. */
  onDeadlineMoved(): void;
}

/** Why nobody waits any more: the HTTP client has left, or a signal was aborted. */
export interface Cancellation {
  readonly by: 'client' | 'signal';
  readonly cause?: unknown;
}

/** What the work of a scope, and of those within it, has come to. */
export interface Usage {
  statements: number;
  /** Milliseconds between sending a statement and its answer, added up. */
  databaseMs: number;
  /** Statements and waits for a connection that were ended by the deadline, a time-out or a caller who left. */
  cancellations: number;
  /** Statements and transactions that were sent again. */
  retries: number;
  /** How often each statement was asked for, by fingerprint; where somebody counts. */
  repeated?: Map<string, number>;
}

/**
 * A unit of work with a deadline. What begins in it while it is open is bound by it for good; once it is over, as a
 * request is when its answer is out, it binds nothing new, so that a timer or a job that was started in a request is
 * not haunted by it. Moments are those of `performance.now()`.
 */
export class Scope {
  readonly startedAt = performance.now();
  readonly usage: Usage;
  #deadlineAt: number;
  #cancelled: Cancellation | undefined;
  #over = false;
  readonly #bound = new Set<Bound>();

  constructor(
    timeoutMs: number | false,
    readonly parent?: Scope,
  ) {
    this.usage = parent?.usage ?? { statements: 0, databaseMs: 0, cancellations: 0, retries: 0 };
    this.#deadlineAt = timeoutMs === false ? Infinity : this.startedAt + timeoutMs;
  }

  /** This scope's own deadline; Infinity where it has none. */
  get deadlineAt(): number {
    return this.#deadlineAt;
  }

  /** The deadline as it was asked for, in milliseconds since the scope began. */
  get timeoutMs(): number {
    return Math.round(this.deadlineAt - this.startedAt);
  }

  /** It is that of a request. */
  get ofRequest(): boolean {
    return false;
  }

  /** The id of the request that it is, or is within. */
  get requestId(): string | undefined {
    return this.parent?.requestId;
  }

  /** What the statements of the request may be marked with. */
  get tags(): Readonly<Record<string, string>> | undefined {
    return this.parent?.tags;
  }

  /** It is that of a request, or within one. */
  get isInRequest(): boolean {
    return this.ofRequest || this.parent?.isInRequest === true;
  }

  /** It is within a request of which nothing but observing databases know: its deadline ends nothing. */
  get isObserved(): boolean {
    return this.parent?.isObserved === true;
  }

  /** It binds nothing new. */
  get over(): boolean {
    return this.#over;
  }

  /** Why its work is not wanted any more, or that of a scope around it. */
  get cancelled(): Cancellation | undefined {
    if (this.#cancelled !== undefined) return this.#cancelled;
    const { parent } = this;
    return parent === undefined || parent.over ? undefined : parent.cancelled;
  }

  /** The earliest deadline for what begins now. */
  get earliestDeadline(): number {
    let earliest = this.deadlineAt;
    for (let { parent } = this; parent !== undefined; parent = parent.parent) {
      if (parent.deadlineAt < earliest && !parent.over) earliest = parent.deadlineAt;
    }
    return earliest;
  }

  /** The earliest of those that were set by hand, and not for a request. */
  get earliestByHand(): number {
    let earliest = this.ofRequest ? Infinity : this.deadlineAt;
    for (let { parent } = this; parent !== undefined; parent = parent.parent) {
      if (!parent.ofRequest && parent.deadlineAt < earliest && !parent.over) earliest = parent.deadlineAt;
    }
    return earliest;
  }

  /**
   * The scope whose deadline has passed, this one or one around it: for what began under them, over or not.
   *
   * @param byHand only where it was set by hand
   */
  expired(now: number, byHand = false): Scope | undefined {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.deadlineAt > now || (byHand && scope.ofRequest)) continue;
      if (scope.lifts()) scope.setTimeout(false);
      else return scope;
    }
    return undefined;
  }

  /** Whether this is part of a request, and of another one than `own`. */
  isForeignTo(own: Scope): boolean {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    for (let one: Scope | undefined = this; one !== undefined; one = one.parent) {
      if (one === own) return false;
      if (one.ofRequest) return true;
    }
    return false;
  }

  /** Milliseconds since the beginning of the scope, or `false` for no deadline. */
  setTimeout(timeoutMs: number | false): void {
    this.#deadlineAt = timeoutMs === false ? Infinity : this.startedAt + timeoutMs;
    for (const bound of [...this.#bound]) bound.onDeadlineMoved();
  }

  cancel(reason: Cancellation): void {
    if (this.#cancelled !== undefined || this.#over) return;
    this.#cancelled = reason;
    for (const bound of [...this.#bound]) bound.onCancelled(reason);
  }

  /** It binds nothing new from now on; what it has bound stays bound. */
  finish(): void {
    this.#over = true;
  }

  bind(bound: Bound): void {
    this.#bound.add(bound);
    if (this.parent !== undefined && !this.parent.over) this.parent.bind(bound);
  }

  unbind(bound: Bound): void {
    this.#bound.delete(bound);
    this.parent?.unbind(bound);
  }

  /** Nothing that it has bound is under way. */
  protected get isIdle(): boolean {
    return this.#bound.size === 0;
  }

  /** Asked when the deadline has passed: whether it turns out to be none. */
  protected lifts(): boolean {
    return false;
  }
}
