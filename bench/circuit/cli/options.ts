import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { names, whole } from '../../cli/values.js';
import {
  callsPerSecond,
  faultNames,
  faults,
  limits,
  partNames,
  parts,
  type FaultName,
  type PartName,
} from '../names.js';

export interface CircuitReportOptions {
  readonly help: boolean;
  readonly parts: readonly PartName[];
  readonly faults: readonly FaultName[];
  readonly rounds: number;
  readonly seed: number;
  readonly draw: string | undefined;
  readonly json: string | undefined;
}

const greatestSeed = 2 ** 32 - 1;
const drawnIn = 'docs/circuit-outage.svg';

const list = (names: Readonly<Record<string, string>>) =>
  Object.entries(names)
    .map(([name, what]) => `    ${name.padEnd(14)}${what}`)
    .join('\n');

export const help = `npm run circuit -- [options]

Does the circuit breaker open in time, refuse at once, and close as soon as the database is back? Starts PostgreSQL of its
own and a network that can be broken, makes ${String(callsPerSecond)} calls a second on a pool, breaks the database, mends it, and measures.

  --part a,b       only these parts; default all:
${list(parts)}
  --fault a,b      of recovery, only these faults; default all:
${list(faults)}
  --rounds N       of recovery, outages of each fault, each under a fresh pool, 1 to 1000; default 10
  --seed N         of fleet: the same numbers again
  --draw FILE      of outage: draws it there, as SVG; where --part names outage, by default in ${drawnIn}
  --json FILE      also writes all figures there
  --help           this

The columns
  open after       from the fault until the circuit was open
  seen first       rounds in which a caller saw a failure before that, and the longest time from it to the opening
  closed after     from the moment at which somebody else could connect and was answered until the circuit was closed
  refused          calls made and refused while it was open, and what a refusal took
  caught           calls made before, which waited or were to be tried again, and were refused when it opened
  sent while open  statements of callers that left this process then
  queue            of fleet: how long a new connection waited at worst before the server accepted it
  reopened         of fleet: how often circuits opened again after the server's return

The rules
  recovery         closed within ${String(limits.closedMedianMs)} ms in the median and ${String(limits.closedWorstMs)} ms at worst, 2000 ms more after black-hole and frozen;
                   99 % of the refusals within ${String(limits.refusedP99Ms)} ms; no statement sent while the circuit is open
  flapping         at most ${String(limits.slowShare * 100)} % of the requests later than ${String(limits.slowMs)} ms
  fleet            at most ${String(limits.probesAtFirst)} probes in any second of the first minute; later ${String(limits.probesLater)} a second over five
                   seconds, and ${String(limits.probesLaterPeak)} in any one
  outage           as recovery

The exit code is 1 when a rule is broken, 2 when the command could not run.

  npm run circuit -- --part recovery --fault killed,frozen --rounds 3
`;

/** @throws Error that names the option, what was received and what is accepted. */
export function readOptions(args: string[]): CircuitReportOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      part: text,
      fault: text,
      rounds: text,
      seed: text,
      draw: text,
      json: text,
    },
  });
  const chosen = names('--part', values.part, partNames);
  for (const option of ['draw', 'json'] as const) {
    if (values[option]?.trim() === '') throw new Error(`--${option}: received nothing; expected the name of a file`);
  }
  const belongs = { fault: 'recovery', rounds: 'recovery', seed: 'fleet', draw: 'outage' } as const;
  for (const [option, part] of Object.entries(belongs) as [keyof typeof belongs, PartName][]) {
    if (values[option] !== undefined && chosen?.includes(part) === false) {
      throw new Error(`--${option}: it is of ${part}, which --part leaves out`);
    }
  }
  return {
    help: values.help,
    parts: chosen ?? partNames,
    faults: names('--fault', values.fault, faultNames) ?? faultNames,
    rounds: whole('--rounds', values.rounds ?? '10', 1, 1000),
    seed: whole('--seed', values.seed ?? String(randomInt(greatestSeed)), 0, greatestSeed),
    draw: values.draw ?? (chosen?.includes('outage') === true ? drawnIn : undefined),
    json: values.json,
  };
}
