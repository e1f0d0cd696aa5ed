import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has it. */
  says(text: string): Promise<void>;
}

const main = resolve('dist/lib/cli/main.js');
const withinMs = 60_000;

/** Starts the real program. Of the environment it has what is given, and no word of a database. */
export function start(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, [main, ...argv], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  let out = '';
  let err = '';
  const heard: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    for (const hear of heard) hear();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  const says = (text: string) =>
    new Promise<void>((done, fail) => {
      const hear = () => {
        if (err.includes(text)) done();
      };
      heard.push(hear);
      hear();
      ended.then(() => fail(new Error(`It ended and did not say "${text}": ${err}`)), fail);
    });
  return { child, ended, says };
}

export function runProgram(argv: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  return start(argv, env).ended;
}
