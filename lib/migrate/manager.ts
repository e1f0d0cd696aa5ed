import { ConfigurationError } from '../errors/errors.js';
import { integer, oneOf, refusalOf } from '../core/options.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { Comparison } from './comparison.js';
import type { Applying } from './applying.js';
import { readMigrations } from './files.js';
import { History } from './history.js';
import { applyInTransaction } from './in-transaction.js';
import { MigrationLock } from './lock.js';
import type { MigrateToOptions, MigrationCallOptions, MigrationOptions, RepairOptions } from './options.js';
import { planOf } from './plan.js';
import { rehearse } from './rehearse.js';
import type { ReadStep } from './rehearse.js';
import { repaired } from './repaired.js';
import type { MigrationPlan, MigrationRun, MigrationStatus, MigrationStep } from './reports.js';
import { MigrationSession } from './session.js';
import { resolveMigrationSettings } from './settings.js';
import type { MigrationSettings } from './settings.js';
import { migrationSource } from './source.js';
import type { MigrationSource, PoolWithOptions } from './source.js';
import { readStatements } from './statements.js';
import { statusOf } from './status.js';
import { isTransaction, stepsDown, stepsTo } from './steps.js';
import type { Step } from './steps.js';
import { WithoutTransaction } from './without-transaction.js';

const anyVersion = integer(-1, 999_999_999_999_999);
const anyCount = integer(1, 1_000_000);
const anyMark = oneOf('applied', 'reverted', 'accepted');

/**
 * Applies the migrations of a folder to a database: each once, whoever else tries, and each whole or not at all. It works
 * on a connection of its own, opened for each call.
 *
 * Beside what each method tells, all of them throw `MigrationRefusedError` where files, history or connection are not fit for
 * it, `ConnectionLostError` and the server's own errors where the database cannot be reached, and `CancelledError` when their
 * signal is aborted.
 */
export class MigrationManager {
  readonly #source: MigrationSource;
  readonly #settings: MigrationSettings;

  /**
   * @param pool a `ResilientPool` or `pg.Pool`: tells where the database is, and is not used otherwise
   * @throws ConfigurationError for an option that is missing, unknown or impossible
   */
  constructor(pool: PoolWithOptions, options: MigrationOptions) {
    this.#settings = resolveMigrationSettings(options);
    this.#source = migrationSource(pool, this.#settings);
  }

  /** Creates the history where it is missing. @throws MigrationLockedError */
  async initialize({ signal }: MigrationCallOptions = {}): Promise<void> {
    await this.#inSession(signal, async (applying) => {
      await this.#locked(
        applying,
        () => applying.history.exists(),
        () => this.#createHistory(applying),
      );
    });
  }

  /**
   * Reads and compares, and changes nothing. What `up` would be refused for is no error of this, `problems` tells it; but for
   * a folder that cannot be read, or in which one version cannot be told from another.
   */
  async status({ signal }: MigrationCallOptions = {}): Promise<MigrationStatus> {
    const migrations = await readMigrations(this.#settings.directory);
    return this.#inSession(signal, async ({ history }) =>
      statusOf(new Comparison(migrations, await history.rows()), this.#settings),
    );
  }

  /**
   * What `migrateTo` would do, and what of it is dangerous on a live database, as it is now. Changes nothing.
   *
   * @param version as in `migrateTo`
   */
  async plan(version = -1, { signal }: MigrationCallOptions = {}): Promise<MigrationPlan> {
    checkVersion(version);
    const migrations = await readMigrations(this.#settings.directory);
    return this.#inSession(signal, async ({ session, history }) => {
      const comparison = new Comparison(migrations, await history.rows());
      const steps = await readSteps(stepsTo(comparison, version, this.#settings));
      return planOf(comparison, steps, session);
    });
  }

  /**
   * Runs what `migrateTo` would run, in one transaction that is rolled back. It takes the same locks and keeps them to its
   * end, so it is for a copy of the database, or a quiet hour. What has no transaction is passed over. A sequence that was
   * there before keeps the numbers that it gave out, as in any transaction that is rolled back.
   *
   * @param version as in `migrateTo`
   * @throws MigrationFailedError, MigrationLockedError
   */
  async rehearse(version = -1, options: MigrationCallOptions = {}): Promise<MigrationRun> {
    checkVersion(version);
    return this.#run(
      (comparison) => stepsTo(comparison, version, this.#settings),
      options,
      (applying, _comparison, steps) => rehearse(applying, steps),
    );
  }

  /** Applies what is pending. @throws MigrationFailedError, MigrationLockedError */
  async up(options: MigrationCallOptions = {}): Promise<MigrationRun> {
    return this.migrateTo(-1, options);
  }

  /** Reverts the newest migrations. @throws MigrationFailedError, MigrationLockedError */
  async down(count = 1, options: MigrationCallOptions = {}): Promise<MigrationRun> {
    if (!anyCount.accepts(count)) throw new ConfigurationError('count', refusalOf('"count"', count, anyCount));
    return this.#migrate((comparison) => stepsDown(comparison, count), options);
  }

  /**
   * Up or down to a version.
   *
   * @param version 0 is before the first, -1 the newest that there is
   * @throws MigrationFailedError, MigrationLockedError
   */
  async migrateTo(version: number, { dryRun = false, ...options }: MigrateToOptions = {}): Promise<MigrationRun> {
    checkVersion(version);
    if (!dryRun) return this.#migrate((comparison) => stepsTo(comparison, version, this.#settings), options);
    const started = performance.now();
    const { from, to, steps } = await this.plan(version, options);
    const planned = steps.map(({ version: one, label, name, direction }) => ({ version: one, label, name, direction }));
    return {
      from,
      to,
      steps: planned.map((step) => ({ ...step, duration_ms: 0, attempts: 0 })),
      duration_ms: elapsed(started),
    };
  }

  /**
   * Sets the history right by hand, and leaves a row that says so.
   *
   * @throws MigrationRefusedError where the history does not say what is to be set right; MigrationLockedError
   */
  async repair({ version, as, signal }: RepairOptions): Promise<MigrationStatus> {
    checkVersion(version);
    if (!anyMark.accepts(as)) throw new ConfigurationError('as', refusalOf('"as"', as, anyMark));
    const migrations = await readMigrations(this.#settings.directory);
    return this.#inSession(signal, async (applying) => {
      const { history } = applying;
      await this.#locked(
        applying,
        () => Promise.resolve(false),
        async () => {
          const row = repaired(new Comparison(migrations, await history.rows()), version, as);
          await this.#createHistory(applying);
          await history.add(row);
        },
      );
      return statusOf(new Comparison(migrations, await history.rows()), this.#settings);
    });
  }

  async #migrate(pick: (comparison: Comparison) => Step[], options: MigrationCallOptions): Promise<MigrationRun> {
    return this.#run(pick, options, async (applying, comparison, steps) => {
      await this.#createHistory(applying);
      const done: MigrationStep[] = [];
      let { lastId } = comparison;
      for (const step of steps) {
        done.push(await this.#apply(applying, step, lastId));
        // Not read from the table: what another has written since is what the guard looks for.
        lastId = Math.max(lastId, applying.history.lastAdded);
      }
      return done;
    });
  }

  async #run(
    pick: (comparison: Comparison) => Step[],
    { signal }: MigrationCallOptions,
    work: (applying: Applying, comparison: Comparison, steps: ReadStep[]) => Promise<MigrationStep[]>,
  ): Promise<MigrationRun> {
    const started = performance.now();
    const migrations = await readMigrations(this.#settings.directory);
    return this.#inSession(signal, async (applying) => {
      const read = async () => new Comparison(migrations, await applying.history.rows());
      let comparison = await read();
      let { version: from } = comparison;
      const isNeedless = async () => pick((comparison = await read())).length === 0;
      let steps: MigrationStep[] = [];
      await this.#locked(applying, isNeedless, async () => {
        // The one who had the lock before may have done some of it.
        comparison = await read();
        from = comparison.version;
        steps = await work(applying, comparison, await readSteps(pick(comparison)));
        comparison = await read();
      });
      return { from, to: comparison.version, steps, duration_ms: elapsed(started) };
    });
  }

  async #apply(applying: Applying, { step, statements }: ReadStep, lastId: number): Promise<MigrationStep> {
    const { session, settings } = applying;
    const { version, label, name } = step.migration;
    const { direction } = step;
    const started = performance.now();
    settings.onProgress({ kind: 'begun', version, label, name, direction, statements: statements.length });
    const attempts = isTransaction(step)
      ? await applyInTransaction(applying, step, statements, lastId)
      : await new WithoutTransaction(applying, step, statements).apply(lastId);
    // For the next one, and for whoever reads the history.
    await session.settle();
    const done = { version, label, name, direction, duration_ms: elapsed(started) };
    settings.onProgress({ kind: 'done', ...done });
    settings.logger.info(done, direction === 'up' ? 'Migration applied' : 'Migration reverted');
    return { ...done, attempts };
  }

  async #createHistory({ history, settings }: Applying): Promise<void> {
    if (await history.exists()) return;
    await history.create();
    const { schema, name } = settings.table;
    settings.onProgress({ kind: 'history-created', table: `${schema}.${name}` });
  }

  async #locked(applying: Applying, isNeedless: () => Promise<boolean>, work: () => Promise<void>): Promise<void> {
    const lock = new MigrationLock(applying.session, applying.settings);
    if (!(await lock.take(isNeedless, applying.signal))) return;
    try {
      if (applying.session.isStandby) throw standbyRefused();
      await work();
    } finally {
      await lock.release();
    }
  }

  async #inSession<T>(signal: AbortSignal | undefined, work: (applying: Applying) => Promise<T>): Promise<T> {
    const session = await MigrationSession.open(this.#source, this.#settings, signal);
    try {
      const history = new History(session, this.#settings.table);
      return await work({ session, history, settings: this.#settings, signal });
    } finally {
      await session.close();
    }
  }
}

async function readSteps(steps: readonly Step[]): Promise<ReadStep[]> {
  const read: ReadStep[] = [];
  for (const step of steps) {
    const { down } = step.migration;
    // A way back that is no SQL is found when it is written, and not in the night when it is needed.
    if (step.direction === 'up' && down !== undefined) await readStatements(down);
    read.push({ step, statements: await readStatements(step.part) });
  }
  return read;
}

function standbyRefused(): MigrationRefusedError {
  const advice = 'The server is a standby, and takes no writes. Give migrationUrl (--url, MIGRATION_URL) the primary';
  return new MigrationRefusedError('read-only', advice);
}

function checkVersion(version: unknown): void {
  if (!anyVersion.accepts(version))
    throw new ConfigurationError('version', refusalOf('"version"', version, anyVersion));
}

function elapsed(since: number): number {
  return Math.round(performance.now() - since);
}
