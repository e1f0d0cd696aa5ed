import type { CircuitState } from './change.js';
import type { CircuitSettings } from './settings.js';

/** What is known of a circuit, for people and tests. */
export interface CircuitDescription extends CircuitSettings {
  readonly name: string;
  readonly state: CircuitState;
  /** Something speaks against the database, and a probe is to tell. */
  readonly isSuspected: boolean;
  /** Of the last `windowMs`. */
  readonly calls: number;
  readonly failed: number;
  /** For how long it stays open at least, this time or the last. */
  readonly leastOpenMs: number;
  /** Milliseconds since it opened; undefined while it is closed. */
  readonly openedForMs: number | undefined;
  /** How often it has opened. */
  readonly opened: number;
  /** Calls that were refused, and those that would have been, in mode `metrics-only`. */
  readonly rejections: number;
  readonly wouldBeRejections: number;
  /** Questions to the database so far. */
  readonly probes: number;
}
