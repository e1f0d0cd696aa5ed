import { limits } from '../names.js';
import { between, mostWithin } from './rates.js';
import type { Course, Outage } from './simulate.js';

/** The circuits open within 0.1 s of the loss, and their last probe of the first minute has its interval still to come. */
const firstMinuteMs = 61_000;
/** The mean time between two probes of one instance later on. */
const slowIntervalMs = 5000;

/** What a simulated outage comes to. Windows are wherever they hold the most. */
export interface FleetFigures extends Outage {
  /** Of the first minute: probes of all kinds in any second, and those in their time alone. */
  readonly probesAtFirst: number;
  readonly scheduledAtFirst: number;
  /** After the first minute; undefined where the outage did not last so long. */
  readonly later: LaterProbes | undefined;
  readonly confirming: number;
  readonly connectsIn100Ms: number;
  readonly connectsInSecond: number;
  readonly connects: number;
  readonly longestQueueMs: number;
  readonly closedMs: number;
  readonly calmMs: number;
  readonly reopened: number;
  readonly longestWaitMs: number;
  readonly failed: number;
  readonly refused: number;
}

export interface LaterProbes {
  /** A second, over five seconds. */
  readonly scheduledMean: number;
  readonly scheduledInSecond: number;
  readonly confirmingInSecond: number;
  readonly allInSecond: number;
}

export function figuresOf(course: Course): FleetFigures {
  const { probes, connects, seed, downMs, rampMs, connectsPerSecond } = course;
  const { closedMs, calmMs, reopened, longestQueueMs, longestWaitMs, failed, refused } = course;
  const all = Object.values(probes).flat();
  return {
    ...{ seed, downMs, rampMs, connectsPerSecond },
    probesAtFirst: mostWithin(between(all, 0, firstMinuteMs), 1000),
    scheduledAtFirst: mostWithin(between(probes.scheduled, 0, firstMinuteMs), 1000),
    later: downMs <= firstMinuteMs ? undefined : laterOf(course, all),
    confirming: probes.confirm.length,
    connectsIn100Ms: mostWithin(connects, 100),
    connectsInSecond: mostWithin(connects, 1000),
    connects: connects.length,
    ...{ closedMs, calmMs, reopened, longestQueueMs, longestWaitMs, failed, refused },
  };
}

function laterOf({ probes }: Course, all: readonly number[]): LaterProbes {
  const later = (moments: readonly number[]) => between(moments, firstMinuteMs, Infinity);
  return {
    scheduledMean: mostWithin(later(probes.scheduled), slowIntervalMs) / (slowIntervalMs / 1000),
    scheduledInSecond: mostWithin(later(probes.scheduled), 1000),
    confirmingInSecond: mostWithin(later(probes.confirm), 1000),
    allInSecond: mostWithin(later(all), 1000),
  };
}

/** The rules that were broken. They are for the ramp as it is. */
export function brokenRules({ downMs, probesAtFirst, later }: FleetFigures): string[] {
  const broken: string[] = [];
  const say = (what: string) => broken.push(`fleet, down for ${String(downMs / 1000)} s: ${what}`);
  if (probesAtFirst > limits.probesAtFirst) {
    say(`${String(probesAtFirst)} probes in a second of the first minute, not ${String(limits.probesAtFirst)}`);
  }
  if (later !== undefined && later.scheduledMean > limits.probesLater) {
    say(`${later.scheduledMean.toFixed(1)} probes a second later, not ${String(limits.probesLater)}`);
  }
  if (later !== undefined && later.scheduledInSecond > limits.probesLaterPeak) {
    say(`${String(later.scheduledInSecond)} probes in one second later, not ${String(limits.probesLaterPeak)}`);
  }
  return broken;
}
