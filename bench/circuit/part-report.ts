/** What a part of the report has found. */
export interface PartReport {
  /** For people. */
  readonly text: string;
  /** For programs. */
  readonly figures: unknown;
  /** The rules that were broken, each with what was seen. */
  readonly broken: readonly string[];
}

/** Told of what is going on. */
export type OnProgress = (doing: string) => void;
