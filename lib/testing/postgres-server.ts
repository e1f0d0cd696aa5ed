import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeRemains } from './cluster-remains.js';
import type { Cluster } from './cluster.js';
import { unguard } from './guard.js';
import { freePort } from './ports.js';
import { PostgresProcess } from './postgres-process.js';
import { freezeTree, goneAll, killTree, resumeTree, signal } from './processes.js';
import { runStatement, type Login } from './statement.js';
import { testCertificate } from './tls-certificate.js';

/**
 * How a server is shut down: `smart` waits until the clients have left, `fast` ends their sessions and rolls back,
 * `immediate` ends at once, so that the next start has to recover from the write-ahead log.
 */
export type ShutdownMode = 'smart' | 'fast' | 'immediate';

const shutdownSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const startTimeoutMs = 30_000;
const shutdownTimeoutMs = 30_000;
const statementTimeoutMs = 30_000;
const promotionTimeoutMs = 30_000;

export interface ServerTraits {
  readonly password: string;
  readonly tls: boolean;
  /** The port that was asked for; undefined: any free one. */
  readonly port: number | undefined;
}

/** A real PostgreSQL server of its own, to be killed, frozen and restarted at will. Made by `startPostgres`. */
export class PostgresServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  readonly database = 'postgres';
  /** The major version, 18 for instance. */
  readonly version: number;
  /** The certificate that the server shows, to be trusted as `ssl.ca`; undefined without `tls`. It names localhost. */
  readonly tlsCertificate: string | undefined;
  readonly #cluster: Cluster;
  readonly #password: string;
  #port: number | undefined;
  #process: PostgresProcess | undefined;
  #frozen = false;
  #turn: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  /** @internal */
  constructor(cluster: Cluster, { password, tls, port }: ServerTraits) {
    this.#cluster = cluster;
    this.#password = password;
    this.#port = port;
    this.version = cluster.version;
    this.tlsCertificate = tls ? testCertificate : undefined;
  }

  /** Stays the same for the whole life of the server, also over kill and start. */
  get port(): number {
    return this.#port ?? 0;
  }

  /** Random. Neither it nor `connectionString` shows up when the server is printed. */
  get password(): string {
    return this.#password;
  }

  /** @internal */
  get cluster(): Cluster {
    return this.#cluster;
  }

  get connectionString(): string {
    return `postgresql://${this.user}:${this.password}@${this.host}:${String(this.port)}/${this.database}`;
  }

  /** The id of the server's main process; undefined while it is down. */
  get pid(): number | undefined {
    return this.#running()?.pid;
  }

  /** Starts a server that is down, on its port, and waits until it answers. Nothing to do where it runs. */
  start(): Promise<void> {
    return this.#inTurn('start', async () => {
      if (this.#running() !== undefined) return this.#refuseFrozen('start');
      await this.#launch();
    });
  }

  /**
   * Shuts the server down and waits until it has ended. Nothing to do where it is down.
   *
   * @param mode default `fast`.
   * @throws Error when it is frozen, or when it has not ended within 30 s, as `smart` does not while clients stay.
   */
  shutdown(mode: ShutdownMode = 'fast'): Promise<void> {
    return this.#inTurn('shut down', () => this.#shutDown(mode));
  }

  /** Shuts down and starts again. @param options.mode default `fast`. */
  restart({ mode = 'fast' }: { mode?: ShutdownMode } = {}): Promise<void> {
    return this.#inTurn('restart', async () => {
      await this.#shutDown(mode);
      await this.#launch();
    });
  }

  /**
   * Makes a primary of a standby, and waits until it takes writes.
   *
   * @throws Error when it is not a standby (SQLSTATE 55000, of pg's), or takes no writes within 30 s.
   */
  promote(): Promise<void> {
    return this.#inTurn('be promoted', async () => {
      // Without waiting: the snapshot of a statement that waits would hold up replay, and with it the promotion.
      await this.query('select pg_promote(wait => false)');
      const until = Date.now() + promotionTimeoutMs;
      for (;;) {
        const [row] = await this.query<{ replays: boolean }>('select pg_is_in_recovery() as replays');
        if (row?.replays === false) return;
        if (Date.now() > until) {
          throw new Error(`The standby takes no writes within ${String(promotionTimeoutMs / 1000)} s of its promotion`);
        }
        await sleep(10);
      }
    });
  }

  /** SIGKILL to the server and all of its processes, frozen or not, at once. Resolves when they are gone. */
  kill(): Promise<void> {
    const killed = this.#killNow(); // without waiting for its turn: a start or a shutdown may be under way
    return this.#inTurn('kill', () => this.#killed(killed), false);
  }

  /** SIGSTOP to the server and all of its processes: connections stay open and nothing answers. */
  freeze(): Promise<void> {
    return this.#inTurn('freeze', async () => {
      const running = this.#running();
      if (running === undefined) throw new Error('The server is down and cannot be frozen: start() it first');
      this.#frozen = true;
      await freezeTree(running.pid);
    });
  }

  /** Lets a frozen server go on where it stood. Nothing to do where it is not frozen. */
  resume(): Promise<void> {
    return this.#inTurn('resume', async () => {
      const running = this.#running();
      if (running === undefined) throw new Error('The server is down and cannot be resumed: start() it');
      resumeTree(running.pid);
      this.#frozen = false;
    });
  }

  /** Ends the server, whatever its state, and removes its data. It cannot be started again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Runs one statement on a new administrative connection, straight to the server, and returns the rows.
   *
   * @throws what pg throws, and an Error when there is no answer within 30 s.
   */
  query<Row extends object = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return runStatement(this.#login(), text, values, statementTimeoutMs) as Promise<Row[]>;
  }

  /** Makes an empty database and returns its name. @param name default: a new one each time. */
  async createDatabase(name = `test_${randomBytes(6).toString('hex')}`): Promise<string> {
    await this.query(`create database "${name.replaceAll('"', '""')}"`);
    return name;
  }

  /** All that the server has written to its log so far. */
  log(): Promise<string> {
    return readFile(this.#cluster.logFile, 'utf8');
  }

  #login(): Login {
    const { host, port, user, password, database } = this;
    return { host, port, user, password, database };
  }

  #running(): PostgresProcess | undefined {
    return this.#process?.ended === false ? this.#process : undefined;
  }

  #refuseFrozen(what: string): void {
    if (this.#frozen) throw new Error(`The server is frozen and cannot ${what}: resume() or kill() it first`);
  }

  // State changes wait for one another, so that a kill() and a start() that nobody awaits end in that order.
  #inTurn<T>(what: string, change: () => Promise<T>, refuseStopped = true): Promise<T> {
    if (refuseStopped && this.#stopped !== undefined) {
      return Promise.reject(new Error(`The server was stopped and its data removed; it cannot ${what}`));
    }
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #killNow(): number[] {
    const running = this.#running();
    return running === undefined ? [] : killTree(running.pid);
  }

  async #killed(before: readonly number[] = []): Promise<void> {
    await goneAll([...before, ...this.#killNow()]);
    await this.#process?.endsWithin(startTimeoutMs);
    this.#frozen = false;
  }

  async #shutDown(mode: ShutdownMode): Promise<void> {
    const running = this.#running();
    if (running === undefined) return;
    this.#refuseFrozen('shut down');
    signal(running.pid, shutdownSignals[mode]);
    if (await running.endsWithin(shutdownTimeoutMs)) return;
    throw new Error(
      `The server did not end within ${String(shutdownTimeoutMs)} ms of a ${mode} shutdown` +
        (mode === 'smart' ? ': it waits for its clients to leave; use "fast"' : '; kill() it'),
    );
  }

  async #stop(): Promise<void> {
    const killed = this.#killNow();
    await this.#turn;
    await this.#killed(killed);
    removeRemains(this.#cluster.folder, undefined);
    unguard(this.#cluster.folder);
  }

  async #launch(): Promise<void> {
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      if (this.#stopped !== undefined) throw new Error('The server was stopped before it had started');
      const said = await this.#logLength();
      const port = this.#port ?? (await freePort());
      this.#process = await PostgresProcess.spawn(this.#cluster, port);
      const failure = await this.#failureToAnswer(this.#process, port, deadline);
      if (failure === undefined) {
        this.#port = port;
        return;
      }
      const log = (await this.log()).slice(said);
      const portTaken = this.#port === undefined && /could not bind/i.test(log);
      // Processes of a server whose main process alone was killed need a moment to notice.
      const remains = log.includes('shared memory block');
      if (!(portTaken || remains) || Date.now() > deadline) {
        throw new Error(`The server on port ${String(port)} ${failure}. The end of its log:\n${log.slice(-2000)}`);
      }
      await sleep(50);
    }
  }

  async #logLength(): Promise<number> {
    return (await this.log().catch(() => '')).length;
  }

  async #failureToAnswer(started: PostgresProcess, port: number, deadline: number): Promise<string | undefined> {
    let last = 'no attempt was made';
    while (!started.ended && Date.now() < deadline) {
      try {
        await runStatement({ ...this.#login(), port }, 'select 1', [], 2000);
        return undefined;
      } catch (error) {
        last = (error as Error).message;
        await sleep(10);
      }
    }
    if (started.ended) return 'ended while it was starting';
    await this.#killed();
    return `did not answer within ${String(startTimeoutMs)} ms (${last})`;
  }
}
