const errors = new WeakSet();

/**
 * Notes of an error that a connection could not be opened for it: no statement of its caller had been sent. What a
 * function of the user's throws meanwhile (`password`, `onConnect`) is noted too, and had better be thrown for that alone.
 */
export function noteConnecting(error: unknown): void {
  if (typeof error === 'object' && error !== null) errors.add(error);
}

/** Whether that was noted: the same SQLSTATE, 57P01 say, may come before a statement or in the middle of it. */
export function cameWhileConnecting(error: object): boolean {
  return errors.has(error);
}
