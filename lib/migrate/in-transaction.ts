import { asFailure } from './failure.js';
import { StatementFailure, untilUnlocked } from './again.js';
import type { Applying } from './applying.js';
import type { MigrationStatement } from './statement.js';
import type { Step } from './steps.js';

/**
 * Runs a migration, and writes its row of the history, in one transaction.
 *
 * @returns how often it was begun
 */
export async function applyInTransaction(
  { session, history, settings, signal }: Applying,
  step: Step,
  statements: readonly MigrationStatement[],
  lastId: number,
): Promise<number> {
  const { migration, direction } = step;
  const { onProgress } = settings;
  const { version, label, name } = migration;

  const attempt = async (): Promise<void> => {
    const started = performance.now();
    let running: MigrationStatement | undefined;
    let isCommitting = false;
    try {
      // Not what default_transaction_… of the role may say.
      await session.query('begin isolation level read committed read write not deferrable');
      await history.guard(lastId);
      for (const [index, statement] of statements.entries()) {
        running = statement;
        const event = { version, index: index + 1, of: statements.length, line: statement.line, tag: statement.tag };
        onProgress({ kind: 'statement', ...event });
        await session.run(statement.text);
        onProgress({ kind: 'statement-done', ...event });
      }
      running = undefined;
      const durationMs = performance.now() - started;
      const counts = { statements: statements.length, statementsDone: statements.length };
      const row = { version, label, name, direction, outcome: 'done' as const, checksum: migration.up.checksum };
      await session.asSelf();
      await history.add({ ...row, ...counts, durationMs });
      onProgress({ kind: 'recorded', version });
      isCommitting = true;
      await session.commit();
    } catch (error) {
      await session.tidy('rollback');
      // A COMMIT that the server refuses (a deferred constraint) is a rollback; one without an answer may be either.
      const isFatal = (error as { severity?: unknown }).severity === 'FATAL';
      if (isCommitting && (session.isLost || isFatal)) {
        const advice = 'Whether it was committed, the history tells: run it again';
        throw asFailure(error, { step, statement: undefined, what: 'COMMIT', outcome: 'unknown', advice });
      }
      throw new StatementFailure(error, running, isCommitting ? 'COMMIT' : 'The history');
    }
  };

  try {
    return await untilUnlocked(() => step, settings, attempt, signal);
  } catch (failure) {
    if (!(failure instanceof StatementFailure)) throw failure;
    const advice = 'Nothing of this migration is left in the database; mend it and run it again';
    throw asFailure(failure.error, {
      step,
      statement: failure.statement,
      what: failure.what,
      outcome: 'rolled-back',
      advice,
    });
  }
}
