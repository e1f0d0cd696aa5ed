import { styleFor } from './style.js';
import type { Style } from './style.js';
import { widthOf } from '../terminal.js';
import type { Output, Terminal } from '../terminal.js';

/** How a text is shown. */
export interface View {
  /** Columns; undefined: lines are as long as they are. */
  readonly width: number | undefined;
  readonly style: Style;
}

export function viewOf(output: Output, env: Terminal['env']): View {
  return { width: widthOf(output), style: styleFor(output, env) };
}
