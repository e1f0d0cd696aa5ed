import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answers, Question, Start, Told } from './messages.js';

const startTimeoutMs = 20_000;
const answerTimeoutMs = 5000;

export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to its standard error. */
  readonly said: string;
}

/** The example application in a process of its own, seen from outside. */
export class Application implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  readonly #gone: Promise<void>;
  readonly #killAtExit = () => void this.#child.kill('SIGKILL');
  #lastId = 0;
  #said = '';
  #port = 0;
  #death: Death | undefined;

  private constructor(exposeGc: boolean) {
    this.#child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), {
      execArgv: exposeGc ? ['--expose-gc'] : [],
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    process.on('exit', this.#killAtExit);
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#said = (this.#said + text).slice(-4000)));
    // It may be gone when it is asked or told something.
    this.#child.on('error', () => undefined);
    this.#gone = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#death = { code, signal, said: this.#said.trim() };
        for (const { reject } of this.#asked.values()) reject(new Error(`The application died: ${this.#said.trim()}`));
        this.#asked.clear();
        resolve();
      });
    });
  }

  /** Starts it and waits until it listens. @throws what it said when it does not. */
  static async start(start: Start, { exposeGc = false } = {}): Promise<Application> {
    const application = new Application(exposeGc);
    try {
      await application.#listens(start);
      return application;
    } catch (error) {
      await application[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** Undefined while it lives. */
  get death(): Death | undefined {
    return this.#death;
  }

  /** @throws Error when it is dead, or does not answer within 5 s. */
  ask<What extends keyof Answers>(what: What): Promise<Answers[What]> {
    if (this.#death !== undefined) return Promise.reject(new Error('The application is dead'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The application did not answer within ${String(answerTimeoutMs)} ms`)),
        answerTimeoutMs,
      );
      const settle = () => {
        clearTimeout(timer);
        this.#asked.delete(id);
      };
      this.#asked.set(id, {
        resolve: (answer) => {
          settle();
          resolve(answer as Answers[What]);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#child.send({ id, what } satisfies Question, () => undefined);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
    process.off('exit', this.#killAtExit);
  }

  #listens(start: Start): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The application did not start')), startTimeoutMs);
      void this.#gone.then(() => {
        clearTimeout(timer);
        reject(new Error(`The application ended when it was started: ${this.#said.trim()}`));
      });
      this.#child.on('message', (told: Told) => {
        if ('port' in told) {
          clearTimeout(timer);
          this.#port = told.port;
          resolve();
        } else if ('answer' in told) this.#asked.get(told.id)?.resolve(told.answer);
        else this.#asked.get(told.id)?.reject(new Error(told.failed));
      });
      this.#child.send(start, () => undefined);
    });
  }
}
