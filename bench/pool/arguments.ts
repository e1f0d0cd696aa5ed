import { parseArgs } from 'node:util';
import { workloads } from './names.js';
import type { StatementName, WorkloadName } from './names.js';

/** Which are run, none it may be, and with how many callers. */
interface Chosen<Name> {
  readonly workloads: readonly Name[];
  readonly callers: readonly number[];
}

export interface BenchOptions {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly statements: Chosen<StatementName>;
  readonly transactions: Chosen<'transaction'>;
  /** Of what the monitor costs. */
  readonly monitor: Chosen<StatementName>;
  /** The file that also gets the figures. */
  readonly json: string | undefined;
  readonly connectionString: string | undefined;
  readonly quick: boolean;
  readonly parts: boolean;
  readonly help: boolean;
}

export const usage = `What this pool costs, beside bare pg.Pool and what else one could take.

  npm run bench                       everything, about 16 minutes
  npm run bench -- --quick            a look in less than a minute; too few rounds to judge by
  npm run bench -- --callers 10 --workload read
  npm run bench -- --transactions     transactions alone, two minutes
  npm run bench -- --monitor          what the monitor costs alone, six minutes
  npm run bench -- --parts            what each part of our success path costs, without a server

  --rounds N               rounds of each configuration; default 25
  --slice MS               how long each candidate works in a round; default 200
  --callers N,N,…          how many call at the same time, on pools of 10; default 1,10,50, and 1,10 for transactions
  --workload NAME,…        select (a statement that reads no table), read (one row by its primary key), transaction
                           (BEGIN, a read, two updates, an insert, COMMIT); default all, and the monitor's cost
  --transactions           short for --workload transaction
  --monitor                what the monitor costs, on select and read unless told otherwise, and nothing else
  --json FILE              writes the figures, every single slice among them, to FILE
  --connection-string URL  a server to use; default DATABASE_URL, else one is started for this run.
                           The run makes the schema express_db_resilience_bench there, and drops it in the end
  --quick                  5 rounds of 100 ms with 10 callers, unless told otherwise; the gates are not judged
  --parts                  measures the parts instead
  --help                   this text

Candidates, each in a process of its own:
  bare, bare again   pg.Pool, twice: what differs between these two is noise
  ours               ResilientPool
  hand-made          p-timeout around p-retry around opossum around pg.Pool
  cockatiel          its time-out around its retry around its circuit breaker around pg.Pool
Each outside any scope, and inside one: ours inside runWithDeadline(), the others inside an AsyncLocalStorage of their
own, ten statements or one transaction a scope.

Transactions: BEGIN and COMMIT by hand on pg.Pool, twice; ours is transaction() with verifyCommit: false, verified with
verifyCommit: true.

What the monitor costs: unwatched is ResilientPool with monitor: false, twice; watched has the defaults; watched, metrics
is createResilience() with the metrics begun, and the health with them. Ratios are to unwatched. They are pools of one
process, a new one for each configuration, and share what health and metrics take at rest. Inside is inside
runWithDeadline(): repeated statements ("N+1") are counted in the requests of an application alone. Then the CPU that a
pool takes which nobody uses, and the memory that a million different statements leave in the monitor.

A round goes through all candidates in random order. Ratios are to bare's slice of the same round; the tables have
their median and, in small, their quartiles. CPU is that of the candidate's process, user and system, all threads;
bytes are those allocated on its heap.

Ends with 1 where ours costs more than 1.05 × bare's CPU outside a scope or 1.10 × inside, or where its throughput is
more than 3 % below the control's worst, or that of its transactions without verifyCommit below 0.95 × bare outside a
scope and 0.90 inside, and below as much of the control's worst; or where the way through a closed circuit adds more
than 0.3 µs to a statement; or where watched costs more than 1.03 × unwatched's CPU in the mean of all configurations, or
in one of them more than 1.03 × the control's greatest median, or a pool at rest takes 1 % of a core, or a million
statements leave more than 5 MB; with 2 where the run failed.`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** @throws Error that names the option, what it received and what it expects */
export function parseArguments(args: readonly string[], environment: NodeJS.ProcessEnv): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      slice: text,
      callers: text,
      workload: text,
      json: text,
      'connection-string': text,
      quick: flag,
      transactions: flag,
      monitor: flag,
      parts: flag,
      help: { ...flag, short: 'h' },
    },
  });
  const { quick, parts, help, json } = values;
  if (json === '') throw new Error('--json: received an empty name; expected a file');
  const chosen = chosenWorkloads(values);
  const callers = (standard: string): number[] =>
    list('--callers', values.callers ?? (quick ? '10' : standard), (each) => wholeNumber('--callers', each, 1, 10_000));
  return {
    rounds: wholeNumber('--rounds', values.rounds ?? (quick ? '5' : '25'), 1, 10_000),
    sliceMs: wholeNumber('--slice', values.slice ?? (quick ? '100' : '200'), 10, 60_000),
    statements: { workloads: chosen.statements, callers: callers('1,10,50') },
    transactions: { workloads: chosen.transactions, callers: callers('1,10') },
    monitor: { workloads: chosen.monitor, callers: callers('1,10,50') },
    json,
    connectionString: values['connection-string'] ?? (environment.DATABASE_URL || undefined),
    quick,
    parts,
    help,
  };
}

interface Choice {
  readonly workload?: string | undefined;
  readonly transactions: boolean;
  readonly monitor: boolean;
}

function chosenWorkloads({ workload, transactions, monitor }: Choice): {
  statements: StatementName[];
  transactions: 'transaction'[];
  monitor: StatementName[];
} {
  if (transactions && workload !== undefined)
    throw new Error('--transactions: it is a choice of --workload; give one of them');
  const received = transactions ? 'transaction' : (workload ?? workloads.join(','));
  const chosen = list('--workload', received, workloadNamed);
  const statements = chosen.filter((name) => name !== 'transaction');
  if (!monitor) {
    const everything = !transactions && workload === undefined;
    return {
      statements,
      transactions: chosen.filter((name) => name === 'transaction'),
      monitor: everything ? statements : [],
    };
  }
  if (statements.length === 0) throw new Error('--monitor: it is measured on statements; choose select, read or both');
  return { statements: [], transactions: [], monitor: statements };
}

function wholeNumber(option: string, received: string, least: number, most: number): number {
  const number = Number(received);
  if (!/^\d+$/.test(received) || number < least || number > most) {
    throw new Error(
      `${option}: received "${received}"; expected a whole number from ${String(least)} to ${String(most)}`,
    );
  }
  return number;
}

function workloadNamed(received: string): WorkloadName {
  const found = workloads.find((name) => name === received);
  if (found === undefined) {
    throw new Error(`--workload: received "${received}"; expected ${workloads.join(', ')}`);
  }
  return found;
}

function list<T>(option: string, received: string, parse: (each: string) => T): T[] {
  const parsed = received.split(',').map((each) => parse(each.trim()));
  if (new Set(parsed).size < parsed.length)
    throw new Error(`${option}: received "${received}"; something is in it twice`);
  return parsed;
}
