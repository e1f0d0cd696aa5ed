/** The rows of the tables of a Markdown text that begin with this cell, as their cells. */
export function tableRows(text: string, first: string): string[][] {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.filter(([, cell]) => cell === `\`${first}\``).map((cells) => cells.slice(1, -1));
}
