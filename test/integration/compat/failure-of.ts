/** What the promise was rejected with; it must be. */
export async function failureOf(work: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error as Error & Record<string, unknown>;
  throw new Error('Expected a failure, and there was none');
}
