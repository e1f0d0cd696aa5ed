import type { Clock } from '../../core/clock.js';
import type { ProbeTimes } from '../prober.js';
import type { CircuitSettings } from './settings.js';
import type { TrialSettings } from './trials.js';

/** What a circuit is made of. */
export interface CircuitParts {
  readonly name: string;
  readonly settings?: CircuitSettings;
  /** Asks the database for a sign of life. Without it, callers are let through to try. */
  readonly probe?: ((signal: AbortSignal) => Promise<unknown>) | undefined;
  /** No probe is needed any more. */
  readonly onProbingOver?: () => void;
  readonly probeTimes?: ProbeTimes;
  readonly trials?: TrialSettings;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Calls are refused from now on. */
  readonly onRefusing?: () => void;
  /** Mode `metrics-only`: a call would have been refused. */
  readonly onWouldBe?: () => void;
  /** What a listener threw. */
  readonly onThrown?: (error: unknown) => void;
}
