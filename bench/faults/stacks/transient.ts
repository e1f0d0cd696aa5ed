// Refusals of PostgreSQL that pass: too many connections, shutting down, starting, and the lost connections of class 08.
const sqlStates = /^(?:53300|57P0[123]|08...)$/;
const systemErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Whether a read that failed like this may succeed when it is sent again. */
export function isTransient(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== undefined) return systemErrors.has(code) || sqlStates.test(code);
  return /terminated|timeout/i.test(message ?? '');
}
