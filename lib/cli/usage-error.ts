/** The command line cannot be understood. The message says what is accepted. */
export class UsageError extends Error {
  readonly code = 'USAGE';
}
