export interface InspectionResult {
  readonly rows: Record<string, unknown>[];
}

/** Runs one statement, parameterised. */
export type RunSql = (text: string, values?: unknown[]) => Promise<InspectionResult>;

/**
 * Runs statements of our own on a connection beside the pool's, so that they never wait behind its users and take no
 * connection from them; one piece of work at a time. The connection is closed after `timeoutMs`, and where the work throws.
 *
 * Rejects while the circuit refuses, while another piece of work is under way, after the pool was closed.
 */
export type Inspect = <T>(work: (run: RunSql) => Promise<T>, timeoutMs: number) => Promise<T>;
