import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { names, whole } from '../../cli/values.js';
import { limits, partNames, parts, processes, type PartName } from '../names.js';

export interface MigrationsReportOptions {
  readonly help: boolean;
  readonly parts: readonly PartName[];
  readonly runs: number;
  readonly seed: number;
  readonly json: string | undefined;
}

const greatestSeed = 2 ** 32 - 1;

const list = Object.entries(parts)
  .map(([name, what]) => `    ${name.padEnd(14)}${what}`)
  .join('\n');

export const help = `npm run migrations -- [options]

Do migrations hold, whoever starts, reads or dies meanwhile? Starts PostgreSQL of its own.

  --part a,b       only these parts; default all:
${list}
  --runs N         of starts, how often ${String(processes)} processes start; of kills, how many are killed at a moment; 1 to 1000; default 20
  --seed N         of kills: the same moments again
  --json FILE      also writes all figures there
  --help           this

The rules
  starts           every process starts, one applies everything, the history has one row for each migration
  readers          no read is stalled for more than ${String(limits.stalledMs)} ms, and the column comes when the long reader has gone
  kills            the next run finishes the work: schema and rows are those of a run that nobody disturbed; and status never
                   says that all is applied, or nothing, where that is not so

The exit code is 1 when a rule is broken, 2 when the command could not run.

  npm run migrations -- --part kills --runs 200
`;

/** @throws Error that names the option, what was received and what is accepted. */
export function readOptions(args: string[]): MigrationsReportOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { help: { type: 'boolean', default: false }, part: text, runs: text, seed: text, json: text },
  });
  if (values.json?.trim() === '') throw new Error('--json: received nothing; expected the name of a file');
  return {
    help: values.help,
    parts: names('--part', values.part, partNames) ?? partNames,
    runs: whole('--runs', values.runs ?? '20', 1, 1000),
    seed: whole('--seed', values.seed ?? String(randomInt(greatestSeed)), 0, greatestSeed),
    json: values.json,
  };
}
