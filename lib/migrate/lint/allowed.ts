import type { MigrationStatement } from '../statement.js';

const allows = /^--\s*lint:allow\s+([\w-]+(?:\s*,\s*[\w-]+)*)/;

/**
 * The rules that the comments in the lines right before a statement silence: `-- lint:allow drop-table, drop-column`.
 * Whatever follows the names is the reason, for people.
 *
 * @param lines of the part that it stands in
 */
export function allowedRules(
  lines: readonly string[],
  firstLine: number,
  statement: MigrationStatement,
): ReadonlySet<string> {
  const allowed = new Set<string>();
  const index = statement.line - firstLine;
  // With another statement before it in its line, the comments are that one's.
  if ((lines[index] ?? '').slice(0, statement.column - 1).trim() !== '') return allowed;
  for (let above = index - 1; above >= 0; above -= 1) {
    const line = (lines[above] ?? '').trim();
    if (!line.startsWith('--')) break;
    for (const name of allows.exec(line)?.[1]?.split(',') ?? []) allowed.add(name.trim());
  }
  return allowed;
}
