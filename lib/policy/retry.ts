import pRetry from 'p-retry';

export interface RetryRules {
  /** How often to try again at most. */
  readonly retries: number;
  /** Whether what failed so may be sent again. */
  readonly mayRepeat: (error: unknown) => boolean;
  /** Waits before the retry of that number, 1 for the first; false where it is not to be. */
  readonly pause: (retry: number, error: unknown) => Promise<boolean>;
  /** Whether an attempt was refused before it began: then the error of the one before tells more. */
  readonly wasRefused: (error: unknown) => boolean;
}

/**
 * Goes on after an attempt that failed. The first attempt is its caller's, so that what succeeds at once costs nothing:
 * entering p-retry takes 8 µs. Rejects with the error of the last attempt.
 */
export async function retry<T>(first: unknown, attempt: () => Promise<T>, rules: RetryRules): Promise<T> {
  let before = first;
  const again = async (error: unknown, number: number) => {
    if (!(number <= rules.retries && rules.mayRepeat(error))) return false;
    before = error;
    return rules.pause(number, error);
  };
  if (!(await again(first, 1))) throw first;
  try {
    return await pRetry(() => attempt().catch(boxed), {
      retries: rules.retries - 1,
      // The pause is ours: p-retry has no full jitter, and rejects even what succeeded where a signal of its own was
      // aborted meanwhile.
      minTimeout: 0,
      shouldRetry: ({ error, attemptNumber, retriesLeft }) => retriesLeft > 0 && again(error, attemptNumber + 1),
    });
  } catch (error) {
    const last = error instanceof Boxed ? error.cause : error;
    throw rules.wasRefused(last) ? before : last;
  }
}

/** What p-retry would make a TypeError of. */
class Boxed extends Error {}

function boxed(thrown: unknown): never {
  throw thrown instanceof Error ? thrown : new Boxed('Something that is no Error was thrown', { cause: thrown });
}
