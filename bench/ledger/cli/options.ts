import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { whole } from '../../cli/values.js';
import { faults, poolSize, timeoutMs } from '../names.js';
import { subjectNames, subjects, type SubjectName } from '../subjects/index.js';

export interface LedgerOptions {
  readonly help: boolean;
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly rate: number;
  readonly subject: SubjectName;
  readonly json: string | undefined;
}

const greatestSeed = 2 ** 32 - 1;

const list = (names: Readonly<Record<string, string>>) =>
  Object.entries(names)
    .map(([name, what]) => `    ${name.padEnd(20)}${what}`)
    .join('\n');

export const help = `npm run ledger -- [options]

Is what callers are told of their transactions the truth? Starts a PostgreSQL of its own, mostly with a synchronous
standby, and a network that can be broken; sends transfers by the clock, each one transaction of two updates and one
insert, on a pool of ${String(poolSize)} with a deadline of ${String(timeoutMs / 1000)} s each; breaks the database about once a second; and compares what was told
with what is stored in the end. A seed decides which faults come, when, and how; each seed has servers of its own.

  --seeds N        so many random seeds; default 20
  --seed N,N,…     these seeds: the same faults again, though not to the microsecond
  --seconds N      how long transfers are sent for each seed, 2 to 3600; default 30
  --rate N         transfers a second, 10 to 5000; default 300
  --subject NAME   what carries them out; default ours:
${list(subjects)}
  --json FILE      also writes all figures there
  --help           this

The faults
${list(faults)}

The columns
  missing          told stored, and not found
  twice            found more than once
  denied           told failed, and found
  unknown          told unknown; how many of these were stored in truth
  needless         of the unknown, those that no fault accounts for: the server could have been asked
  off              by how much the sum of all balances has changed; accounts that hold half a transfer
  hung, late       never answered; answered after the deadline
  latest           the latest answer of all

The exit code is 1 when a rule is broken, 2 when the command could not run.

  npm run ledger -- --seeds 3 --seconds 10
`;

/** @throws Error that names the option, what was received and what is accepted. */
export function readOptions(args: string[]): LedgerOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      seeds: text,
      seed: text,
      seconds: text,
      rate: text,
      subject: text,
      json: text,
    },
  });
  if (values.json?.trim() === '') throw new Error('--json: received nothing; expected the name of a file');
  if (values.seed !== undefined && values.seeds !== undefined) {
    throw new Error('--seed: --seeds chooses others at random; give one of the two');
  }
  const seeds =
    values.seed?.split(',').map((seed) => whole('--seed', seed.trim(), 0, greatestSeed)) ??
    Array.from({ length: whole('--seeds', values.seeds ?? '20', 1, 10_000) }, () => randomInt(greatestSeed));
  return {
    help: values.help,
    seeds,
    seconds: whole('--seconds', values.seconds ?? '30', 2, 3600),
    rate: whole('--rate', values.rate ?? '300', 10, 5000),
    subject: subjectNamed(values.subject ?? 'ours'),
    json: values.json,
  };
}

function subjectNamed(received: string): SubjectName {
  const found = subjectNames.find((name) => name === received);
  if (found === undefined) {
    throw new Error(`--subject: received "${received}"; expected ${subjectNames.join(' or ')}`);
  }
  return found;
}
