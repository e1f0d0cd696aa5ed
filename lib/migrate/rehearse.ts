import { asFailure } from './failure.js';
import { StatementFailure, untilUnlocked } from './again.js';
import type { Applying } from './applying.js';
import type { MigrationStep } from './reports.js';
import type { MigrationStatement } from './statement.js';
import { isTransaction } from './steps.js';
import type { Step } from './steps.js';

/** A migration and what it is made of. */
export interface ReadStep {
  readonly step: Step;
  readonly statements: readonly MigrationStatement[];
}

/** Runs all of them in one transaction, for each may need those before it, and rolls it back. */
export async function rehearse(applying: Applying, steps: readonly ReadStep[]): Promise<MigrationStep[]> {
  const { session, settings, signal } = applying;
  const [first] = steps;
  if (first === undefined) return [];
  let done: MigrationStep[] = [];
  let current = first;

  const attempt = async (): Promise<void> => {
    done = [];
    let running: MigrationStatement | undefined;
    try {
      await session.query('begin isolation level read committed read write');
      for (current of steps) {
        running = undefined;
        const { step, statements } = current;
        const { version, label, name } = step.migration;
        const started = performance.now();
        const rehearsed = isTransaction(step);
        const { direction } = step;
        if (rehearsed) {
          settings.onProgress({ kind: 'begun', version, label, name, direction, statements: statements.length });
        }
        for (const [index, statement] of rehearsed ? statements.entries() : []) {
          running = statement;
          const event = { version, index: index + 1, of: statements.length, line: statement.line, tag: statement.tag };
          settings.onProgress({ kind: 'statement', ...event });
          await session.run(statement.text);
          settings.onProgress({ kind: 'statement-done', ...event });
        }
        // Its COMMIT would look at what is deferred.
        running = undefined;
        if (rehearsed) await session.query('set constraints all immediate');
        await session.settle();
        const durationMs = Math.round(performance.now() - started);
        done.push({ version, label, name, direction, duration_ms: durationMs, attempts: 1, rehearsed });
      }
    } catch (error) {
      throw new StatementFailure(error, running, 'SET CONSTRAINTS ALL IMMEDIATE');
    } finally {
      await session.tidy('rollback');
    }
  };

  try {
    const attempts = await untilUnlocked(() => current.step, settings, attempt, signal);
    return done.map((one) => ({ ...one, attempts }));
  } catch (failure) {
    if (!(failure instanceof StatementFailure)) throw failure;
    const { step } = current;
    const advice = 'This was a rehearsal, and nothing of it is left';
    throw asFailure(failure.error, {
      step,
      statement: failure.statement,
      what: failure.what,
      outcome: 'rolled-back',
      advice,
    });
  }
}
