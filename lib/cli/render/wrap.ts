/** Breaks a text at its spaces, with `indent` before each line but the first. A longer word stays whole: it is copied. */
export function wrap(text: string, width: number | undefined, indent = ''): string {
  const lines = text.split('\n');
  if (width === undefined) return lines.join(`\n${indent}`);
  return lines.map((line) => wrapLine(line, width, indent)).join(`\n${indent}`);
}

function wrapLine(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    if (line === undefined) line = word;
    else if (indent.length + line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line ?? ''].join(`\n${indent}`);
}

/** At most so many characters, the last one then an ellipsis. */
export function cut(text: string, width: number | undefined): string {
  return width === undefined || text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
