/** The most moments within any stretch of `windowMs`, wherever it begins. */
export function mostWithin(moments: readonly number[], windowMs: number): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, next = 0; next < sorted.length; next++) {
    while ((sorted[next] ?? 0) - (sorted[first] ?? 0) >= windowMs) first += 1;
    most = Math.max(most, next - first + 1);
  }
  return most;
}

/** Those from `from` to before `until`. */
export function between(moments: readonly number[], from: number, until: number): number[] {
  return moments.filter((moment) => moment >= from && moment < until);
}
