import { parseArgs } from 'node:util';
import { names } from '../../cli/values.js';
import {
  faultNames,
  faults,
  poolSize,
  deadlineMs,
  stackNames,
  stacks,
  type FaultName,
  type StackName,
} from '../names.js';

export interface FaultOptions {
  readonly help: boolean;
  readonly heap: boolean;
  readonly seconds: number;
  readonly rate: number;
  readonly stacks: readonly StackName[];
  readonly faults: readonly FaultName[];
  readonly json: string | undefined;
}

const list = (names: Readonly<Record<string, string>>) =>
  Object.entries(names)
    .map(([name, what]) => `    ${name.padEnd(22)}${what}`)
    .join('\n');

export const help = `npm run faults -- [options]

What do clients of an Express application see when its database fails? Starts a PostgreSQL of its own, a network
that can be broken, and an example application with a pool of ${String(poolSize)} and a deadline of ${String(deadlineMs / 1000)} s a request; sends it requests
by the clock, breaks the database, mends it, and counts. Each run has a fresh server and a fresh process.

  --fault a,b      only these faults; default all:
${list(faults)}
  --stack a,b      only these stacks; default all:
${list(stacks)}
  --seconds N      how long a fault lasts, 1 to 600; default 10
  --rate N         indexed reads a second, 20 to 2000; default 200. Beside twenty reads there is one transaction
  --json FILE      also writes all figures there
  --heap           instead: five cycles of reset, black hole and abandoned clients under one process, and its heap
  --help           this

The columns
  other            answers that are neither 200 nor 503 nor 504, lost connections among them
  hung             requests that had no answer after 15 s
  late             answers later than the deadline + 100 ms, counted from when the request was due
  recovered        reads with a 200, of those begun 1 to 3 s after the database could be reached again (3 to 5 s where it
                   was silent: as much later as a question takes that nobody answers any more); 95 % must be
  left behind      5 s after the last answer: clients checked out, waiting or in a transaction, statements and locks on
                   the server, timers, listeners and sockets that were not there before

The circuit of ours
  opened           how often, and how long after the first failure that a caller saw
  reads            those that came while it was not closed; how long their clients waited; 99 % at most 50 ms
  inside p99       of the same, in the application: from the call of the pool to its refusal
  asked            how often a user was given a connection meanwhile; never is right
  no Retry-After   answers with 503 that do not say when to come again; all must
  closed after     from the moment at which the database could be reached again; at most 1.5 s, and 2 s more where it was
                   silent; not judged under reset

The exit code is 1 when ours breaks a rule, 2 when the command could not run. Others are shown, not judged.

  npm run faults -- --fault black-hole,frozen --stack ours,bare --seconds 3
`;

/** @throws Error that names the option, what was received and what is accepted. */
export function readOptions(args: string[]): FaultOptions {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      heap: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      rate: { type: 'string' },
      stack: { type: 'string' },
      fault: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { help: wantsHelp, heap, json } = values;
  if (json?.trim() === '') throw new Error('--json: received nothing; expected the name of a file');
  if (heap && values.fault !== undefined) throw new Error('--fault: --heap has faults of its own; give one of the two');
  return {
    help: wantsHelp,
    heap,
    seconds: number('--seconds', values.seconds, { least: 1, most: 600, otherwise: heap ? 2 : 10 }),
    rate: number('--rate', values.rate, { least: 20, most: 2000, otherwise: 200 }),
    stacks: names('--stack', values.stack, stackNames) ?? (heap ? ['ours'] : stackNames),
    faults: names('--fault', values.fault, faultNames) ?? faultNames,
    json,
  };
}

function number(
  option: string,
  value: string | undefined,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  if (value === undefined) return otherwise;
  const result = /^\d+(?:[.]\d+)?$/.test(value) ? Number(value) : NaN;
  if (result >= least && result <= most) return result;
  throw new Error(`${option}: received "${value}"; expected a number from ${String(least)} to ${String(most)}`);
}
