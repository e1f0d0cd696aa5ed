import { createHash } from 'node:crypto';
import { mayCommitPartly } from '../core/sql/commits.js';
import { sqlstate } from '../errors/classify.js';
import { CancelledError } from '../errors/errors.js';
import { MigrationLockedError, MigrationRefusedError } from '../errors/migration-errors.js';
import { StatementFailure, untilUnlocked } from './again.js';
import { effectOf, isConcurrent } from './alone.js';
import type { Applying } from './applying.js';
import { asFailure } from './failure.js';
import type { HistoryRow, NewRow } from './history.js';
import { needsNoTransaction } from './refused-statements.js';
import type { MigrationStatement } from './statement.js';
import type { Step } from './steps.js';

/**
 * Runs a migration statement by statement, so that it can go on where it was interrupted: each one that can be is committed
 * together with the count in the history; of the others, and there it is looked first what is there.
 *
 * @returns how often its statements were begun anew
 */
export class WithoutTransaction {
  readonly #applying: Applying;
  readonly #step: Step;
  readonly #statements: readonly MigrationStatement[];
  /** Over the statements up to each of them. */
  readonly #sums: readonly string[];
  #attempts = 1;

  constructor(applying: Applying, step: Step, statements: readonly MigrationStatement[]) {
    this.#applying = applying;
    this.#step = step;
    this.#statements = statements;
    this.#sums = sumsOf(statements);
  }

  async apply(lastId: number): Promise<number> {
    const { history, settings } = this.#applying;
    const started = performance.now();
    const { resumed } = this.#step;
    if (resumed !== undefined) this.#refuseOtherBeginning(resumed);
    const id = resumed?.id ?? (await this.#begin(lastId));
    const done = resumed?.statementsDone ?? 0;
    for (const [index, statement] of this.#statements.entries()) {
      // What a SET has set ended with the session that was interrupted.
      if (index >= done) await this.#run(statement, index, id, index === done && resumed?.isInDoubt === true);
      else if ('VariableSetStmt' in statement.node) await this.#applying.session.run(statement.text);
    }
    const durationMs = performance.now() - started;
    await this.#record(() => history.finish(id, this.#row(this.#statements.length, durationMs)));
    settings.onProgress({ kind: 'recorded', version: this.#step.migration.version });
    return this.#attempts;
  }

  async #begin(lastId: number): Promise<number> {
    const { history } = this.#applying;
    return this.#record(async () => {
      await history.guard(lastId);
      return history.add({ ...this.#row(0, 0), outcome: 'unfinished' });
    });
  }

  /** Writes the history, with `before` in one transaction. */
  async #record<T>(write: () => Promise<T>, before?: string): Promise<T> {
    const { session } = this.#applying;
    await session.query('begin isolation level read committed read write');
    try {
      if (before !== undefined) await session.run(before);
      await session.asSelf();
      const written = await write();
      await session.commit();
      return written;
    } catch (error) {
      await session.tidy('rollback');
      throw error;
    }
  }

  async #run(statement: MigrationStatement, index: number, id: number, mayHaveRun: boolean): Promise<void> {
    const { settings, signal } = this.#applying;
    const of = this.#statements.length;
    const event = {
      version: this.#step.migration.version,
      index: index + 1,
      of,
      line: statement.line,
      tag: statement.tag,
    };
    settings.onProgress({ kind: 'statement', ...event });
    let hasRun = false;
    const attempt = async (): Promise<void> => {
      try {
        if (!hasRun) {
          if (!this.#runsAlone(statement) && (await this.#ranWithCount(statement, index, id))) return;
          await this.#runAlone(statement, id, mayHaveRun);
          hasRun = true;
        }
        // It may have to wait for its lock as well, and the statement is not sent again for that.
        await this.#record(() => this.#count(index, id));
      } catch (error) {
        throw new StatementFailure(error, statement);
      }
    };
    try {
      this.#attempts += (await untilUnlocked(() => this.#step, settings, attempt, signal)) - 1;
    } catch (failure) {
      if (failure instanceof StatementFailure) throw await this.#failure(failure, index, id, hasRun);
      if (failure instanceof MigrationLockedError && !hasRun) await this.#isRefused(id);
      throw failure;
    }
    settings.onProgress({ kind: 'statement-done', ...event });
  }

  /** Of a DO or CALL nothing would tell how far it came; without a COMMIT in it, it can be committed with the count. */
  #runsAlone({ node }: MigrationStatement): boolean {
    if (needsNoTransaction(node)) return true;
    return this.#step.part.idempotent && ('DoStmt' in node || 'CallStmt' in node);
  }

  /** False where the server, which knows more than the statement tells, runs it in no transaction: REINDEX of a partitioned table. */
  async #ranWithCount(statement: MigrationStatement, index: number, id: number): Promise<boolean> {
    try {
      await this.#record(() => this.#count(index, id), statement.text);
      return true;
    } catch (error) {
      if (sqlstate(error) === '25001') return false;
      throw error;
    }
  }

  async #runAlone(statement: MigrationStatement, id: number, mayHaveRun: boolean): Promise<void> {
    const { session, history } = this.#applying;
    const work = async (): Promise<void> => {
      const effect = await effectOf(session, statement);
      if (effect === 'busy') throw busy();
      if (effect === 'finished' || (effect === 'present' && mayHaveRun)) return;
      // What is present before is not ours, and the server has to say so.
      if (effect === 'absent') await this.#record(() => history.doubt(id, true));
      await session.run(statement.text);
    };
    await (isConcurrent(statement) ? this.#patiently(work) : work());
  }

  async #patiently(work: () => Promise<void>): Promise<void> {
    const { session } = this.#applying;
    const [setting] = await session.query<{ before: string }>(
      `select pg_catalog.current_setting('lock_timeout') as before`,
    );
    await session.query('set lock_timeout = 0');
    try {
      await work();
    } finally {
      await session.tidy(`set lock_timeout = '${setting?.before ?? '0'}'`);
    }
  }

  async #count(index: number, id: number): Promise<void> {
    await this.#applying.history.advance(id, index + 1, this.#statements.length, this.#sums[index] ?? '');
  }

  async #failure(
    { error, statement, what }: StatementFailure,
    index: number,
    id: number,
    hasRun: boolean,
  ): Promise<Error> {
    // Of the statements, and not of the migration, it may be said that they were undone.
    if (error instanceof CancelledError) return new CancelledError(error.message, { outcome: 'unknown', cause: error });
    const { session } = this.#applying;
    const [number, of] = [String(index + 1), String(this.#statements.length)];
    const isRefused = sqlstate(error) !== undefined && !session.isLost && !hasRun;
    if (isRefused) await this.#isRefused(id);
    const isClear = isRefused && statement !== undefined && !mayCommitPartly(statement.text);
    const unclear = isClear ? 'It has left nothing' : 'What it has left, the next run finds out';
    const mend =
      sqlstate(error) === '2D000' && !this.#step.part.idempotent
        ? 'A DO or CALL that commits needs idempotent:true behind transaction:false, and is run again as a whole then where ' +
          'it is interrupted. Write it there'
        : 'Mend the cause';
    const advice =
      `It is statement ${number} of ${of}, without a transaction: those before it stay. ${unclear}. ` +
      `${mend} and run it again: it goes on there. To go back: repair ${String(this.#step.migration.version)} --as reverted, ` +
      'once you have undone those by hand';
    return asFailure(error, { step: this.#step, statement, what, outcome: 'unknown', advice });
  }

  /** The server has said that the statement has no effect. */
  async #isRefused(id: number): Promise<void> {
    await this.#record(() => this.#applying.history.doubt(id, false)).catch(() => undefined);
  }

  #refuseOtherBeginning({ statementsDone, doneChecksum }: HistoryRow): void {
    if (statementsDone === 0 || this.#sums[statementsDone - 1] === doneChecksum) return;
    const { migration, direction, part } = this.#step;
    throw new MigrationRefusedError(
      'unfinished',
      `it was interrupted on its way ${direction} after ${String(statementsDone)} statements, and these were changed since. ` +
        `Put them back as they were; or finish it by hand, and then: repair ${String(migration.version)} --as applied, or --as reverted`,
      { version: migration.version, file: part.file },
    );
  }

  #row(statementsDone: number, durationMs: number): NewRow {
    const { migration, direction } = this.#step;
    const { version, label, name, up } = migration;
    const statements = this.#statements.length;
    return {
      version,
      label,
      name,
      direction,
      outcome: 'done',
      checksum: up.checksum,
      statements,
      statementsDone,
      durationMs,
    };
  }
}

/** As the server says it of a lock: who begins it again looks at that. */
function busy(): Error {
  return Object.assign(new Error('Another session builds this index'), { severity: 'ERROR', code: '55P03' });
}

function sumsOf(statements: readonly MigrationStatement[]): string[] {
  const hash = createHash('sha256');
  return statements.map(({ text }) => hash.update(text).update('\0').copy().digest('hex'));
}
