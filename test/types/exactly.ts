type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where the value's type is the one asked for, no wider and no narrower: `exactly<number>()(value)`. */
export function exactly<Expected>() {
  return <Actual>(_value: Actual, ..._differs: Same<Expected, Actual> extends true ? [] : [never]): void => undefined;
}
