export interface Settings {
  readonly host: string;
  readonly port: number;
  /** PORT was given: no other will do. */
  readonly portIsFixed: boolean;
}

/** HOST and PORT. @throws Error that says what PORT may be. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const host = env.HOST?.trim() || '127.0.0.1';
  const given = env.PORT?.trim();
  if (!given) return { host, port: 3000, portIsFixed: false };
  const port = /^\d+$/.test(given) ? Number(given) : NaN;
  if (!(port <= 65_535)) throw new Error(`PORT is "${given}"; it is a whole number from 0 (any free port) to 65535`);
  return { host, port, portIsFixed: true };
}
