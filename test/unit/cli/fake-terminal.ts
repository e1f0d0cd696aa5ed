import type { Output, Terminal } from '../../../lib/cli/terminal.js';

export class Sink implements Output {
  text = '';

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {}

  write(text: string): void {
    this.text += text;
  }
}

export interface FakeTerminal extends Terminal {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

export function fakeTerminal(
  given: { isTTY?: boolean; env?: Terminal['env']; signal?: AbortSignal } = {},
): FakeTerminal {
  const { isTTY = false, env = {}, signal } = given;
  return { stdout: new Sink(isTTY), stderr: new Sink(isTTY), env, signal };
}
