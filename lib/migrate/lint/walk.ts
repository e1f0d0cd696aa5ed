/** Calls `visit` for every object inside of a parse tree, itself included. It keeps its own stack: a tree may be deep. */
export function walk(tree: unknown, visit: (object: Readonly<Record<string, unknown>>) => void): void {
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) visit(value as Record<string, unknown>);
    for (const inner of Object.values(value)) open.push(inner);
  }
}
