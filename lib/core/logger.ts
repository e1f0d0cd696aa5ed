/**
 * The shape that pino, winston's pino-like wrappers and `console`-backed adapters share:
 * an object of fields first, then the message.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

function nothing(): void {}

/** The logger where none was given. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
