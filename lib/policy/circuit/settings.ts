/** `on`: calls are refused while it is open. `metrics-only`: it opens and closes, and refuses nothing. `off`: it does nothing. */
export type CircuitMode = 'on' | 'metrics-only' | 'off';

/** When a circuit opens. */
export interface CircuitSettings {
  readonly mode: CircuitMode;
  /** Failures in a row of work that began after the first sign of illness. */
  readonly failuresInARow: number;
  /** Or this share of the calls of the last `windowMs`, in percent, where they were `leastCalls`. */
  readonly failurePercent: number;
  readonly leastCalls: number;
  readonly windowMs: number;
}

export const circuitDefaults: CircuitSettings = {
  mode: 'on',
  failuresInARow: 5,
  failurePercent: 50,
  leastCalls: 20,
  windowMs: 10_000,
};
