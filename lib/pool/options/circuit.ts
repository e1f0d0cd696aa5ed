import { either, explained, findProblem, integer, number, oneOf, record } from '../../core/options.js';
import type { Rule, Rules } from '../../core/options.js';
import { ConfigurationError } from '../../errors/errors.js';
import type { CircuitMode, CircuitSettings } from '../../policy/circuit/settings.js';
import { circuitDefaults } from '../../policy/circuit/settings.js';
import { probeDefaults } from '../../policy/prober.js';
import type { ProbeTimes } from '../../policy/prober.js';

/** Options of `circuit`. */
export interface CircuitOptions {
  /**
   * `on`: while it is open, calls are refused. `metrics-only`: it opens and closes, and refuses nothing. `off`: it does
   * nothing. To be switched while running: `pool.circuit.mode`. Default: `on`.
   */
  mode?: CircuitMode | undefined;
  /** It opens after so many failures in a row of work that began after the first sign of illness. 1 to 1000. Default: 5. */
  failuresInARow?: number | undefined;
  /** It opens where this share of the calls of the last `windowMs` failed, in percent. 1 to 100. Default: 50. */
  failurePercent?: number | undefined;
  /** ... and where the calls were at least so many. 1 to 1000000. Default: 20. */
  leastCalls?: number | undefined;
  /** Milliseconds of that window. 100 to 3600000. Default: 10000. */
  windowMs?: number | undefined;
  /**
   * A statement that runs into its time-out so often in a row, and again, is refused for a while, and then let through one
   * at a time, until it is in time. It is known by its fingerprint; time-outs shorter than `queryTimeoutMs` do not count.
   * 1 to 1000, or `false` for never. Default: 5.
   */
  timeoutsInARow?: number | false | undefined;
  /** Milliseconds between two probes, on the average, less or more by up to 20 %. 50 to 60000. Default: 500. */
  probeIntervalMs?: number | undefined;
  /** The same after the first minute of an outage. `probeIntervalMs` to 3600000. Default: 5000. */
  slowProbeIntervalMs?: number | undefined;
  /** Milliseconds after which a probe has failed. 10 to 60000. Default: 2000. */
  probeTimeoutMs?: number | undefined;
  /**
   * Milliseconds after an outage within which the number of connections that are in use may rise from one to `max`. What is
   * above it waits. 0 (at once) to 10000. Default: 500.
   */
  rampMs?: number | undefined;
}

export interface ResolvedCircuitOptions extends CircuitSettings {
  readonly probes: ProbeTimes;
  readonly rampMs: number;
  readonly timeoutsInARow: number | false;
}

const rules: Rules<CircuitOptions> = {
  mode: oneOf('on', 'metrics-only', 'off'),
  failuresInARow: integer(1, 1000),
  failurePercent: number(1, 100),
  leastCalls: integer(1, 1_000_000),
  windowMs: integer(100, 3_600_000, 'milliseconds'),
  timeoutsInARow: either(integer(1, 1000), explained(oneOf(false), 'false for never')),
  probeIntervalMs: integer(50, 60_000, 'milliseconds'),
  slowProbeIntervalMs: integer(50, 3_600_000, 'milliseconds'),
  probeTimeoutMs: integer(10, 60_000, 'milliseconds'),
  rampMs: integer(0, 10_000, 'milliseconds'),
};

export const circuitRule: Rule = either(
  explained(oneOf(false), 'false for none'),
  explained(record, 'an object of its own options'),
);

/** @throws ConfigurationError for an option that is unknown or impossible */
export function resolveCircuit(given: CircuitOptions | false = {}): ResolvedCircuitOptions {
  if (given !== false) check(given);
  const own: CircuitOptions = given === false ? { mode: 'off' } : given;
  const { mode = circuitDefaults.mode, failuresInARow = circuitDefaults.failuresInARow } = own;
  const { failurePercent = circuitDefaults.failurePercent, leastCalls = circuitDefaults.leastCalls } = own;
  const { windowMs = circuitDefaults.windowMs, rampMs = 500, timeoutsInARow = 5 } = own;
  const { probeIntervalMs: intervalMs = probeDefaults.intervalMs } = own;
  const { slowProbeIntervalMs: slowIntervalMs = Math.max(probeDefaults.slowIntervalMs, intervalMs) } = own;
  const { probeTimeoutMs: timeoutMs = probeDefaults.timeoutMs } = own;
  const probes = Object.freeze({ intervalMs, slowIntervalMs, timeoutMs });
  return Object.freeze({ mode, failuresInARow, failurePercent, leastCalls, windowMs, probes, rampMs, timeoutsInARow });
}

function check(given: CircuitOptions): void {
  const problem = findProblem(rules, given, '', 'circuit');
  if (problem !== undefined) throw new ConfigurationError(problem.option, problem.message);
  const { probeIntervalMs = probeDefaults.intervalMs, slowProbeIntervalMs = Infinity } = given;
  if (slowProbeIntervalMs < probeIntervalMs) {
    const message =
      `circuit.slowProbeIntervalMs: received ${String(slowProbeIntervalMs)}; ` +
      `expected at least probeIntervalMs, which is ${String(probeIntervalMs)}`;
    throw new ConfigurationError('circuit.slowProbeIntervalMs', message);
  }
}
