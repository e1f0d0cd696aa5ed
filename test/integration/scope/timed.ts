/** How an attempt ended, and after how many milliseconds. */
export interface Timed {
  ms: number;
  value?: unknown;
  error?: Error & Record<string, unknown>;
}

export async function timed(work: () => PromiseLike<unknown>): Promise<Timed> {
  const started = performance.now();
  try {
    const value = await work();
    return { ms: performance.now() - started, value };
  } catch (error) {
    return { ms: performance.now() - started, error: error as Error & Record<string, unknown> };
  }
}
