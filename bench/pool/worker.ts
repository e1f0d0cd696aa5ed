import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export type Answer<Result> = { readonly result: Result } | { readonly failure: string };

/** The other side, in the child process: one answer for each request. */
export function serve<Request>(answer: (request: Request) => Promise<unknown>): void {
  process.on('message', (request: Request) => {
    answer(request).then(
      (result) => process.send?.({ result } satisfies Answer<unknown>),
      (error: unknown) =>
        process.send?.({ failure: (error as Error).stack ?? String(error) } satisfies Answer<unknown>),
    );
  });
  // Whoever asks is gone: nobody wants the figures, and the server may be gone as well.
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group; the parent ends this process in its own order.
  process.on('SIGINT', () => undefined);
}

const withinMs = 60_000;

/** A child process that is idle unless it is asked. */
export class Worker<Request extends object> {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  constructor(name: string, file: URL, signal: AbortSignal) {
    this.#name = name;
    this.#signal = signal;
    // None of this process's flags, which would change what is measured.
    this.#child = fork(file, { execArgv: [] });
  }

  ask<Result>(request: Request): Promise<Result> {
    const child = this.#child;
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (why: string): void => settle(() => reject(new Error(`${this.#name}: ${why}`)));
      const onMessage = (answer: Answer<Result>): void => {
        if ('failure' in answer) fail(answer.failure);
        else settle(() => resolve(answer.result));
      };
      const onExit = (code: number | null, by: string | null): void =>
        fail(`its process ended (${by ?? String(code)})`);
      const onAbort = (): void => settle(() => reject(signal.reason as Error));
      const timer = setTimeout(fail, withinMs, `no answer within ${String(withinMs / 1000)} s`);
      if (signal.aborted) {
        onAbort();
        return;
      }
      child.on('message', onMessage).on('exit', onExit);
      signal.addEventListener('abort', onAbort);
      child.send(request);
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
