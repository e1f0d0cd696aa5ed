import type pg from 'pg';
import { sqlstate } from '../errors/classify.js';
import { CancelledError, ConnectionLostError } from '../errors/errors.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import { cancelTarget, requestCancel } from '../pool/cancel.js';
import { dial } from '../pool/dial.js';
import { backendKey, destroySocket } from '../pool/guarded-client.js';
import type { GuardedClient } from '../pool/guarded-client.js';
import { watchServer } from './heartbeat.js';
import type { MigrationSettings } from './settings.js';
import type { MigrationSource } from './source.js';
import { quotedName } from './table-name.js';
import { queryWithoutRows } from './without-rows.js';

const CONNECT_MS = 30_000;
const CANCEL_MS = 5_000;
const TIDY_MS = 5_000;

/**
 * The one connection of a migration: it holds the lock and runs the statements, so that whoever has the lock is the one
 * who works, and the server ends both together.
 */
export class MigrationSession {
  readonly #client: GuardedClient;
  readonly #source: MigrationSource;
  readonly #settings: MigrationSettings;
  readonly #signal: AbortSignal | undefined;
  #lost = false;
  #serverVersion = 0;
  #isStandby = false;
  #role = '';

  private constructor(
    client: GuardedClient,
    source: MigrationSource,
    settings: MigrationSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#client = client;
    this.#source = source;
    this.#settings = settings;
    this.#signal = signal;
  }

  /** @throws MigrationRefusedError behind a pooler; ConnectionLostError and the server's own errors as `dial` does */
  static async open(
    source: MigrationSource,
    settings: MigrationSettings,
    signal?: AbortSignal,
  ): Promise<MigrationSession> {
    if (signal?.aborted === true) throw interrupted('not-executed');
    const client = await dial({ ...source, timeoutMs: CONNECT_MS, signal }).catch((error: unknown) => {
      throw signal?.aborted === true ? interrupted('not-executed') : error;
    });
    const session = new MigrationSession(client, source, settings, signal);
    try {
      await session.#begin();
      return session;
    } catch (error) {
      destroySocket(client);
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const [about] = await this.query<{ pid: string; version: string; standby: string; role: string }>(
      `select pg_catalog.pg_backend_pid()::text as pid, pg_catalog.current_setting('server_version_num') as version,
         pg_catalog.pg_is_in_recovery()::text as standby, current_user::text as role`,
    );
    // A pooler tells each client a key of its own, and passes statements on to whatever backend is free.
    const isDirect = String(backendKey(this.#client)?.processId) === about?.pid;
    if (!isDirect && !this.#settings.acceptPooler) throw poolerRefused();
    this.#serverVersion = Number(about?.version);
    this.#isStandby = about?.standby === 'true';
    this.#role = about?.role ?? '';
    await this.settle();
  }

  /** `server_version_num`. */
  get serverVersion(): number {
    return this.#serverVersion;
  }

  /** It takes no writes. */
  get isStandby(): boolean {
    return this.#isStandby;
  }

  /** The connection is gone. */
  get isLost(): boolean {
    return this.#lost || this.#client.lost !== undefined;
  }

  /** The settings of this session as they were at its beginning, whatever a migration has set since. */
  async settle(): Promise<void> {
    const { lockTimeoutMs, statementTimeoutMs } = this.#settings;
    // Not DISCARD ALL, which would give the lock back.
    await this.query(
      'set session authorization default; reset role; reset all; close all; unlisten *; deallocate all; discard temp; discard sequences; ' +
        `set lock_timeout = ${String(lockTimeoutMs)}; set statement_timeout = ${String(statementTimeoutMs)}; ` +
        // Where this process stands still, or its machine is gone, the server gives the locks back within two minutes.
        'set idle_in_transaction_session_timeout = 60000; ' +
        // A role or a database may have it, for the sake of an application; a migration has its own limits.
        (this.serverVersion >= 170_000 ? 'set transaction_timeout = 0; ' : '') +
        // As the parser reads the files, whatever an old database says.
        'set standard_conforming_strings = on; ' +
        (this.serverVersion >= 140_000 ? 'set idle_session_timeout = 60000; ' : '') +
        'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 6; ' +
        'set client_min_messages = warning; set default_transaction_read_only = off',
    );
  }

  /** To the end of the transaction, whatever role a migration has set: it may have no right on the history. */
  async asSelf(): Promise<void> {
    await this.query(`set local session authorization default; set local role ${quotedName(this.#role)}`);
  }

  /**
   * @throws CancelledError where the signal was aborted: what ran was cancelled; ConnectionLostError where the connection
   * broke or the server is silent; the server's own errors
   */
  async query<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> {
    const answer: unknown = await this.#ask(() => this.#client.query(text, values), true);
    // Of several statements in one text.
    return ((Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryResult).rows as Row[];
  }

  /** A statement of a migration, whose rows nobody wants. @throws as `query` does */
  async run(text: string): Promise<void> {
    await this.#ask(() => queryWithoutRows(this.#client, text), true);
  }

  /** It is not cancelled: whether a COMMIT that was cancelled took effect, nobody would know. */
  async commit(): Promise<void> {
    const { command } = await this.#ask(() => this.#client.query('commit'), false);
    if (command !== 'COMMIT') throw new Error(`The server answered COMMIT with ${command}`);
  }

  /** Also where the work was given up. Without a word where the connection is gone: the server has done it then. */
  async tidy(text: string): Promise<void> {
    if (this.isLost) return;
    const timer = setTimeout(() => this.#destroy(), TIDY_MS);
    try {
      await this.#client.query(text);
    } catch {
      this.#destroy();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the session, and with it whatever it holds. */
  async close(): Promise<void> {
    if (this.isLost) return;
    const timer = setTimeout(() => this.#destroy(), TIDY_MS);
    try {
      await this.#client.end();
    } catch {
      this.#destroy();
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(send: () => Promise<T>, mayBeCancelled: boolean): Promise<T> {
    const signal = this.#signal;
    if (mayBeCancelled && signal?.aborted === true) throw interrupted('not-executed');
    let isDead = false;
    const stopWatching = watchServer(this.#source, () => {
      isDead = true;
      this.#destroy();
    });
    const onAbort = (): void => void this.#cancel();
    if (mayBeCancelled) signal?.addEventListener('abort', onAbort);
    try {
      return await send();
    } catch (error) {
      if (sqlstate(error) === '57014' && mayBeCancelled && signal?.aborted === true) throw interrupted('rolled-back');
      if (this.#client.lost === undefined && sqlstate(error) !== undefined) throw error;
      this.#destroy();
      if (mayBeCancelled && signal?.aborted === true) throw interrupted('unknown');
      const what = isDead ? 'The server fell silent' : 'The connection was lost';
      throw new ConnectionLostError(`${what} while a migration ran`, {
        outcome: 'unknown',
        retryable: false,
        cause: error,
      });
    } finally {
      stopWatching();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends what runs; where the server does not say so in time, with its connection. */
  async #cancel(): Promise<void> {
    const timer = setTimeout(() => this.#destroy(), CANCEL_MS);
    this.#client.once('drain', () => clearTimeout(timer));
    this.#client.once('end', () => clearTimeout(timer));
    const target = cancelTarget(this.#client, this.#source.config().stream);
    if (target === undefined) this.#destroy();
    else await requestCancel(target, CANCEL_MS);
  }

  #destroy(): void {
    this.#lost = true;
    destroySocket(this.#client);
  }
}

function interrupted(outcome: 'not-executed' | 'rolled-back' | 'unknown'): CancelledError {
  return new CancelledError('The migration was interrupted', { outcome });
}

function poolerRefused(): MigrationRefusedError {
  return new MigrationRefusedError(
    'pooler',
    'The connection goes through a pooler (PgBouncer, or the like), where the lock of a migration would be shared or lost. ' +
      'Give migrationUrl (--url, MIGRATION_URL) a direct connection to the server. Where the pooler keeps one server ' +
      'connection for each client (pool_mode = session), acceptPooler (--accept-pooler) takes it as it is',
  );
}
