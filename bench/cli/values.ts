/** @throws Error that names the option, what was received and what is accepted */
export function whole(option: string, received: string, least: number, most: number): number {
  const number = /^\d+$/.test(received) ? Number(received) : NaN;
  if (number >= least && number <= most) return number;
  throw new Error(
    `${option}: received "${received}"; expected a whole number from ${String(least)} to ${String(most)}`,
  );
}

/**
 * Names with commas between, in the order of those that are known; undefined where nothing was given.
 *
 * @throws Error that names the option, what was received and what is accepted
 */
export function names<Name extends string>(
  option: string,
  value: string | undefined,
  known: readonly Name[],
): readonly Name[] | undefined {
  if (value === undefined) return undefined;
  const given = value.split(',').map((name) => name.trim());
  for (const name of given) {
    if (!(known as readonly string[]).includes(name)) {
      throw new Error(`${option}: received "${name}"; expected one or more of ${known.join(',')}`);
    }
  }
  return known.filter((name) => given.includes(name));
}
