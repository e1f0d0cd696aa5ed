import { setTimeout as sleep } from 'node:timers/promises';
import { breakers } from './break-it.js';
import { check, type FaultSpan, type Verdict } from './checker.js';
import { accounts, openingBalance, timeoutMs, type FaultName } from './names.js';
import { plan } from './plan.js';
import { Random } from './random.js';
import { Rig } from './rig.js';
import { makeSubject, type SubjectName } from './subjects/index.js';
import { Transfers } from './transfers.js';

export interface SeedOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly rate: number;
  readonly subject: SubjectName;
  /** Default: those that the seed decides on. */
  readonly faults?: readonly FaultName[] | undefined;
  /** An answer so long after its deadline is late. */
  readonly graceMs: number;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly phase: string;
  readonly begun: number;
  readonly answered: number;
  readonly stored: number;
}

/** What a seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly subject: SubjectName;
  readonly seconds: number;
  readonly rate: number;
  readonly standby: boolean;
  /** The faults as they came, in milliseconds from the first transfer. */
  readonly faults: readonly FaultSpan[];
  readonly verdict: Verdict;
  /** Which errors said that a transfer has failed. */
  readonly failures: Readonly<Record<string, number>>;
  /** Transactions begun beyond one for each transfer. */
  readonly replays: number;
  /** By how much this instrument itself began late, at worst. */
  readonly worstDelayMs: number;
}

/** Transfers through the faults of one seed, then a look at what is stored. */
export async function runSeed(options: SeedOptions): Promise<SeedReport> {
  const { seed, seconds, rate, subject: name, graceMs, onProgress } = options;
  const planned = plan(options);
  await using rig = await Rig.start(planned);
  const subject = makeSubject[name](rig.connectionString);
  const startedAt = performance.now();
  const transfers = new Transfers(subject, new Random(seed), rate);
  let phase = 'calm';
  const timer = setInterval(() => {
    const { begun, answered, stored } = transfers;
    onProgress?.({ phase, begun, answered, stored });
  }, 100);
  try {
    const spans: FaultSpan[] = [];
    for (const { fault, atMs, seed: own } of planned.faults) {
      await until(startedAt + atMs);
      const from = performance.now();
      phase = fault;
      await breakers[fault](rig, new Random(own));
      spans.push({ fault, from, to: performance.now() });
      phase = 'calm';
    }
    await until(startedAt + seconds * 1000);
    phase = 'the last answers';
    const told = await transfers.finish();
    phase = 'the end';
    await subject.end();
    const evidence = { told, spans, ...(await rig.books()), openingBalance, accounts, timeoutMs, graceMs };
    return {
      seed,
      subject: name,
      seconds,
      rate,
      standby: planned.standby,
      faults: spans.map(({ fault, from, to }) => ({ fault, from: from - startedAt, to: to - startedAt })),
      verdict: check(evidence),
      failures: count(told.flatMap((each) => (each.told === 'failed' ? [String(each.reason)] : []))),
      replays: Math.max(0, transfers.attempts - told.length),
      worstDelayMs: transfers.worstDelayMs,
    };
  } catch (error) {
    await transfers.finish();
    await subject.end();
    throw new Error(`Seed ${String(seed)}, ${phase}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearInterval(timer);
  }
}

async function until(time: number): Promise<void> {
  await sleep(Math.max(0, time - performance.now()));
}

export function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
