import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { processTree } from '../../../lib/testing/processes.js';
import { eventually } from '../../support/settle.js';

const program = fileURLToPath(new URL('../../../examples/exploits-api/server.js', import.meta.url));

/** The main example as a process of its own, as its user starts it. */
export class Example {
  output = '';
  /** The exit code, or the signal. */
  ended: number | string | undefined;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #servers = new Set<number>();
  readonly #folders = new Set<string>();

  constructor(env: Record<string, string | undefined> = {}) {
    this.#child = spawn(process.execPath, [program], {
      env: { ...process.env, DATABASE_URL: undefined, HOST: undefined, PORT: '0', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => (this.ended = code ?? signal ?? 'gone'));
  }

  get url(): string {
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.output)?.[0] ?? 'http://not-yet.invalid';
  }

  /** Waits until its output has this, and remembers what belongs to it. */
  async says(text: string): Promise<void> {
    await eventually(
      () => this.output.includes(text) || this.ended !== undefined,
      60_000,
      `the example says "${text}"`,
    );
    if (!this.output.includes(text)) throw new Error(`The example ended (${String(this.ended)}):\n${this.output}`);
    this.#remember();
  }

  get ownsDatabase(): boolean {
    return this.#folders.size > 0 && [...this.#folders].every((folder) => existsSync(folder));
  }

  type(word: string): void {
    this.#child.stdin.write(`${word}\n`);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until the process has ended. */
  async exits(withinMs: number): Promise<number | string | undefined> {
    const until = performance.now() + withinMs;
    while (this.ended === undefined) {
      if (performance.now() > until) throw new Error(`The example goes on; it said:\n${this.output}`);
      this.#remember();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.ended;
  }

  /** Waits until its database is gone, with processes and folder. */
  async leavesNothing(): Promise<void> {
    await eventually(
      () => [...this.#servers].every((pid) => processTree(pid).length === 0),
      10_000,
      'the server is gone',
    );
    await eventually(() => ![...this.#folders].some((folder) => existsSync(folder)), 10_000, 'its folder is gone');
  }

  #remember(): void {
    for (const { pid } of processTree(this.#child.pid ?? 0)) {
      const folder = /[^\s=]*express-db-resilience-pg-\w+/.exec(commandLine(pid))?.[0];
      if (folder === undefined) continue;
      this.#servers.add(pid);
      this.#folders.add(folder);
    }
  }

  async get(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: unknown }> {
    const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  async post(path: string, body?: object, headers: Record<string, string> = {}): ReturnType<Example['get']> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.get(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, ...content });
  }
}

function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'latin1' });
  } catch {
    return ''; // it has ended
  }
}
