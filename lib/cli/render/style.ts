import type { Output, Terminal } from '../terminal.js';

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

type Colour = keyof typeof codes;

export type Style = Readonly<Record<Colour, (text: string) => string>>;

/** Colours for a terminal; none anywhere else, nor where NO_COLOR is set (no-color.org) or the terminal is a dumb one. */
export function styleFor(output: Output, env: Terminal['env']): Style {
  return makeStyle(output.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb');
}

export function makeStyle(coloured: boolean): Style {
  const paint = (colour: Colour) => {
    const [on, off] = codes[colour];
    return (text: string) => (coloured && text !== '' ? `\u001b[${String(on)}m${text}\u001b[${String(off)}m` : text);
  };
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
  };
}
