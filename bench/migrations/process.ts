import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { taskVariable, type Task, type Told } from './task.js';

const startTimeoutMs = 60_000;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Undefined: it ended before it could tell. */
  readonly told: Told | undefined;
  /** The end of what it wrote to its standard error. */
  readonly said: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A process that is about to migrate a database. */
export class MigratingProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #told: Told | undefined;
  #said = '';

  private constructor(task: Task) {
    this.#child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), {
      env: { PATH: process.env.PATH, [taskVariable]: JSON.stringify(task) },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    running.add(this.#child);
    this.#child.on('error', () => undefined); // it may be gone when it is told something
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#said = (this.#said + text).slice(-2000)));
    this.#child.on('message', (message) => {
      if (message !== 'ready') this.#told = message as Told;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child);
        resolve({ code, signal, told: this.#told, said: this.#said.trim() });
      });
    });
  }

  /** Resolves when it has loaded all it needs, and waits for `go`. */
  static async start(task: Task): Promise<MigratingProcess> {
    const started = new MigratingProcess(task);
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<void>((resolve, reject) => {
      started.#child.once('message', () => resolve());
      void started.#ended.then(({ said }) => reject(new Error(`A process ended before it was ready: ${said}`)));
      timer = setTimeout(() => reject(new Error('A process was not ready within 60 s')), startTimeoutMs);
    });
    try {
      await ready;
      return started;
    } catch (error) {
      await started.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets it begin, and resolves when it has ended. */
  go(): Promise<Ended> {
    this.#child.send('go', () => undefined);
    return this.#ended;
  }

  kill(): Promise<Ended> {
    this.#child.kill('SIGKILL');
    return this.#ended;
  }
}
