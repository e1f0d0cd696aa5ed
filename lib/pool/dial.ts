import type pg from 'pg';
import { outsideRequests } from '../core/root-scope.js';
import { sqlstate } from '../errors/classify.js';
import { ConnectionLostError, describeCause } from '../errors/errors.js';
import { noteConnecting } from '../errors/while-connecting.js';
import { destroySocket, guardedClass } from './guarded-client.js';
import type { ClientClass, GuardedClient } from './guarded-client.js';

export interface DialOptions {
  Client: ClientClass;
  /** Made anew for each connection, so that a password function is asked each time. */
  config: () => pg.ClientConfig;
  /** Bounds everything: name look-up, TCP, TLS, the password function, authentication and `prepare`. Undefined: `signal` does. */
  timeoutMs: number | undefined;
  /** Runs on the fresh client before anybody else has it. */
  prepare?: ((client: GuardedClient) => Promise<void>) | undefined;
  /** Gives up at once when aborted, and says the message of the reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Opens one connection. Every connection of this package is opened here.
 *
 * @throws ConnectionLostError (`not-executed`) where the server was not reached or did not answer in time;
 * the server's own error (28P01, 3D000, 53300, 57P03 …) as it is.
 */
export function dial(options: DialOptions): Promise<GuardedClient> {
  return outsideRequests(() => openOne(options));
}

async function openOne(options: DialOptions): Promise<GuardedClient> {
  const client = new (guardedClass(options.Client))(options.config());
  let giveUp: (why: string) => void = () => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    giveUp = (why) => reject(new ConnectionLostError(why, { outcome: 'not-executed' }));
  });
  const { timeoutMs } = options;
  const why = `The server did not accept a connection within ${String(timeoutMs)} ms`;
  const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs, why);
  timer?.unref();
  const onAbort = () => giveUp(reasonOf(options.signal));
  options.signal?.addEventListener('abort', onAbort);
  try {
    await Promise.race([connectAndPrepare(client, options), gaveUp]);
    return client;
  } catch (error) {
    destroySocket(client);
    noteConnecting(error);
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function connectAndPrepare(client: GuardedClient, options: DialOptions): Promise<void> {
  options.signal?.throwIfAborted();
  try {
    await client.connect();
  } catch (error) {
    throw asDialError(error);
  }
  try {
    await options.prepare?.(client);
  } catch (error) {
    throw client.lost === undefined ? error : asDialError(error);
  }
  if (client.lost !== undefined) throw asDialError(client.lost);
}

function reasonOf(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason.message : 'The attempt to connect was aborted';
}

function asDialError(error: unknown): unknown {
  if (!(error instanceof Error) || sqlstate(error) !== undefined) return error;
  return new ConnectionLostError(`The database could not be reached: ${describeCause(firstOf(error))}`, {
    outcome: 'not-executed',
    cause: error,
  });
}

// Node tries every address of a name and reports an AggregateError whose own message is empty.
function firstOf(error: Error): Error {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  return first instanceof Error ? first : error;
}
