/** `isolated`: open by hand, until `resume()`. */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';

/**
 * Why a circuit has changed.
 *
 * - `failures-in-a-row`, `failure-rate`: too much of the work failed.
 * - `probe-failed`: after a first sign of illness the database did not answer a probe either.
 * - `trial-failed`: a caller who was let through to try has failed.
 * - `probe-succeeded`, `trial-due`: half-open, it may be back.
 * - `recovered`: probes, or trials, have succeeded.
 * - `by-hand`: `isolate()`, `resume()`, or a change of `mode`.
 */
export type CircuitReason =
  | 'failures-in-a-row'
  | 'failure-rate'
  | 'probe-failed'
  | 'trial-failed'
  | 'probe-succeeded'
  | 'trial-due'
  | 'recovered'
  | 'by-hand';

export interface CircuitChange {
  readonly circuit: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly reason: CircuitReason;
  /** What was seen last of the illness; with values of statements in it, perhaps: for logs use `pinoErrorSerializer`. */
  readonly error: unknown;
  /** Milliseconds since it opened; 0 when it opens. */
  readonly openedForMs: number;
}

/** The names are opossum's. `stateChange` comes with each of them. */
export interface CircuitEvents extends Record<string, unknown> {
  open: CircuitChange;
  halfOpen: CircuitChange;
  close: CircuitChange;
  stateChange: CircuitChange;
}
