import { runSql } from '../../../test/support/migrations.js';
import { MigratingProcess, type Ended } from '../process.js';
import type { Task } from '../task.js';

/** What came of many processes that began at one moment. */
export interface Starts {
  readonly ended: readonly Ended[];
  /** From the moment at which all were told to begin until the last had ended. */
  readonly ms: number;
}

export async function startTogether(processes: number, task: Task): Promise<Starts> {
  const waiting = await Promise.all(Array.from({ length: processes }, () => MigratingProcess.start(task)));
  const begun = performance.now();
  const ended = await Promise.all(waiting.map((one) => one.go()));
  return { ended, ms: performance.now() - begun };
}

/** What is wrong with it; empty where all started, and exactly one of them applied all. */
export async function wrongWith(
  { ended }: Starts,
  connectionString: string,
  versions: readonly number[],
): Promise<string[]> {
  const wrong = ended
    .filter(({ code, told }) => code !== 0 || told === undefined || told.error !== undefined)
    .map(
      ({ code, signal, told, said }) => `did not start: ${told?.error?.message ?? (said || String(code ?? signal))}`,
    );
  const applied = ended.map(({ told }) => told?.steps ?? 0).filter((steps) => steps > 0);
  if (applied.length !== 1 || applied[0] !== versions.length) wrong.push(`applied by each: ${JSON.stringify(applied)}`);
  const rows = await runSql<{ version: string }>(
    connectionString,
    'select version::text from public.db_resilience_migrations order by version',
  );
  const recorded = rows.map(({ version }) => Number(version));
  if (JSON.stringify(recorded) !== JSON.stringify(versions)) wrong.push(`in the history: ${JSON.stringify(recorded)}`);
  return wrong;
}
