import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { Interface } from 'node:readline';
import { isInForeground } from './foreground.js';

export interface TerminalOptions {
  onLine: (line: string) => void;
  /** Ctrl-C, which the terminal hands over as a key while lines are read. */
  onInterrupt: () => void;
}

/** Lines in and lines out, and one line at the bottom that is kept up to date where it is a terminal. */
export class Terminal {
  readonly #isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  #input: Interface | undefined;

  /** Reads lines from now on. The end of the input is not the end of the example: it may be /dev/null. */
  read({ onLine, onInterrupt }: TerminalOptions): void {
    if (process.stdin.isTTY && !isInForeground()) return;
    const input = createInterface({
      input: process.stdin,
      ...(this.#isInteractive ? { output: process.stdout, prompt: '> ' } : {}),
    });
    this.#input = input;
    input.on('line', (line) => {
      if (line.trim() !== '') onLine(line.trim());
      else this.#prompt();
    });
    input.on('SIGINT', onInterrupt);
    input.on('close', () => (this.#input = undefined));
    process.stdin.on('error', () => input.close());
    this.#prompt();
  }

  /** Writes above the line at the bottom. */
  say(text: string): void {
    this.#clear();
    console.log(text);
    this.#prompt();
  }

  /** What the line at the bottom says before the cursor. */
  status(text: string): void {
    this.#input?.setPrompt(text === '' ? '> ' : `${text} > `);
    this.#prompt();
  }

  close(): void {
    const input = this.#input;
    if (input === undefined) return;
    this.#clear();
    input.close();
  }

  #prompt(): void {
    if (this.#isInteractive) this.#input?.prompt(true);
  }

  #clear(): void {
    if (this.#input === undefined || !this.#isInteractive) return;
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
  }
}
