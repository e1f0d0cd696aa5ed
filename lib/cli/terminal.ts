/** A stream of the process, or what stands for one in a test. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Of a terminal. */
  readonly columns?: number | undefined;
}

/** What the program has of the world around it. */
export interface Terminal {
  /** Results. */
  readonly stdout: Output;
  /** Progress, and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person in front of it wants no more. */
  readonly signal?: AbortSignal | undefined;
}

/** Where to break lines; undefined: nowhere, for a program reads them. */
export function widthOf({ isTTY, columns }: Output): number | undefined {
  return isTTY === true ? Math.max(40, columns ?? 80) : undefined;
}
