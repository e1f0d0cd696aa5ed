import { columns, ms, seconds } from '../cli/columns.js';
import { instances, limits } from '../names.js';
import type { OnProgress, PartReport } from '../part-report.js';
import { brokenRules, figuresOf, type FleetFigures } from './figures.js';
import { simulate, type Outage } from './simulate.js';

/** The default of `circuit.rampMs`. */
const rampMs = 500;

const courses: readonly Omit<Outage, 'seed' | 'rampMs'>[] = [
  { downMs: 30_000, connectsPerSecond: 500 },
  { downMs: 30_000, connectsPerSecond: 1000 },
  { downMs: 150_000, connectsPerSecond: 500 },
];

/** The same outages with the ramp and without it. */
export async function fleet(seed: number, onProgress: OnProgress): Promise<PartReport> {
  const figures: FleetFigures[] = [];
  for (const course of courses) {
    for (const ramp of [rampMs, 0]) {
      onProgress(`down for ${seconds(course.downMs)}, ${ramp === 0 ? 'without' : 'with'} the ramp`);
      figures.push(figuresOf(await simulate({ ...course, seed, rampMs: ramp })));
    }
  }
  const own = figures.filter((each) => each.rampMs === rampMs);
  return { text: `${probes(own)}\n\n${storms(figures)}`, figures, broken: own.flatMap(brokenRules) };
}

function probes(figures: readonly FleetFigures[]): string {
  const longest = figures.at(-1);
  const later = longest?.later;
  const rows = [
    [`probes of ${String(instances)} instances, the most`, 'in any second', 'scheduled', 'confirming'],
    [
      `  in the first minute (at most ${String(limits.probesAtFirst)})`,
      String(Math.max(...figures.map(({ probesAtFirst }) => probesAtFirst))),
      String(Math.max(...figures.map(({ scheduledAtFirst }) => scheduledAtFirst))),
      '',
    ],
    [
      '  later',
      String(later?.allInSecond ?? '–'),
      String(later?.scheduledInSecond ?? '–'),
      String(later?.confirmingInSecond ?? '–'),
    ],
    [
      `  later, a second over 5 s (at most ${String(limits.probesLater)})`,
      '',
      later?.scheduledMean.toFixed(1) ?? '–',
      '',
    ],
  ];
  return columns(rows);
}

const heading = [
  'down for',
  'accepts',
  'ramp',
  'connects, most in 100 ms',
  'in 1 s',
  'in all',
  'queue',
  'all closed',
  'nobody waits',
  'reopened',
  'longest wait',
];

function storms(figures: readonly FleetFigures[]): string {
  return columns([heading, ...figures.map(row)]);
}

function row(of: FleetFigures): string[] {
  return [
    seconds(of.downMs),
    `${String(of.connectsPerSecond)}/s`,
    of.rampMs === 0 ? 'none' : ms(of.rampMs),
    String(of.connectsIn100Ms),
    String(of.connectsInSecond),
    String(of.connects),
    ms(of.longestQueueMs),
    ms(of.closedMs),
    ms(of.calmMs),
    String(of.reopened),
    ms(of.longestWaitMs),
  ];
}
