import type { MigrationCallOptions } from '../../migrate/options.js';
import type { Cli, Outcome } from '../cli.js';
import type { Connected, Migrations } from './connect.js';
import type { DatabaseOptions } from './options.js';
import { Progress } from './progress.js';

export interface Call {
  readonly migrations: Migrations;
  readonly call: MigrationCallOptions;
}

/**
 * Connects, does it, tells how it goes and what came of it, and leaves nothing open.
 *
 * @param result.stays whether a migration that is done stays where a later one fails.
 */
export async function onDatabase(
  cli: Cli,
  options: DatabaseOptions,
  act: (call: Call) => Promise<Outcome>,
  result: { stays: boolean } = { stays: true },
): Promise<void> {
  const { signal, stderr, env } = cli.terminal;
  const json = options.json === true;
  const progress = new Progress(stderr);
  const onAbort = () => progress.note('Cancelling what runs. Ctrl-C again exits at once.');
  signal?.addEventListener('abort', onAbort, { once: true });
  let connected: Connected | undefined;
  try {
    connected = cli.connect(options, env, progress.take);
    const outcome = await act({ migrations: connected.migrations, call: { signal } });
    progress.end();
    cli.print(outcome, json);
  } catch (error) {
    progress.end();
    await cli.fail(error, { json, directory: options.dir, done: result.stays ? progress.done : [] });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await connected?.close();
  }
}
