/**
 * The server's statement_timeout on one connection. What lasts longer than it on purpose (a statement with a longer
 * time-out of its own; a cursor or COPY, which keep their own time) needs it raised before and lowered on return.
 * A value that is not ours was SET by the user, and is obeyed.
 */
export class Backstop {
  readonly #baseMs: () => number;
  /** Raised outside a transaction, so that no ROLLBACK takes it back. 0: to none. */
  #raisedTo: number | undefined;
  readonly #raised = new Set<number>();

  /** @param baseMs what the pool's connections start with; 0 where that is none of ours */
  constructor(baseMs: () => number) {
    this.#baseMs = baseMs;
  }

  /** What must be run before a statement that may take `neededMs` (0: for ever); undefined where there is time enough. */
  raise(neededMs: number, inTransaction: boolean): string | undefined {
    const base = this.#baseMs();
    if (base === 0 || covers(base, neededMs)) return undefined;
    if (this.#raisedTo !== undefined && covers(this.#raisedTo, neededMs)) return undefined;
    const text = change(neededMs, [base, ...this.#raised]);
    this.#raised.add(neededMs);
    if (!inTransaction) this.#raisedTo = neededMs;
    return text;
  }

  /** What must be run before somebody else gets the connection; undefined where nothing was raised. */
  lower(): string | undefined {
    if (this.#raised.size === 0) return undefined;
    const text = change(this.#baseMs(), [...this.#raised]);
    this.#raised.clear();
    this.#raisedTo = undefined;
    return text;
  }
}

function covers(limitMs: number, neededMs: number): boolean {
  return limitMs === 0 || (neededMs !== 0 && neededMs <= limitMs);
}

function change(toMs: number, fromMs: number[]): string {
  return (
    `select set_config('statement_timeout', '${String(toMs)}', false) from pg_catalog.pg_settings ` +
    `where name = 'statement_timeout' and setting in (${fromMs.map((ms) => `'${String(ms)}'`).join(', ')})`
  );
}
