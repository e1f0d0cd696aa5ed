type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where A and B are one type: `same<typeof x, number>(true)`. */
export function same<A, B>(_: Same<A, B>): void {}
