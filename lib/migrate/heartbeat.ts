import { dial } from '../pool/dial.js';
import { retire } from '../pool/retire.js';
import { isSilence } from './silence.js';
import type { MigrationSource } from './source.js';

const EVERY_MS = 5_000;
const PATIENCE_MS = 5_000;
/** A restart, or a full accept queue, is no death of the connection that runs the migration. */
const MOST_SILENCES = 3;

/**
 * A statement of a migration may take hours, so silence on its connection tells nothing. Asks by new connections whether
 * there is a server at all, and gives up on one that is frozen or that the network has lost.
 *
 * @param onDead called once
 * @returns stops it
 */
export function watchServer(source: MigrationSource, onDead: () => void): () => void {
  const stopped = new AbortController();
  let silences = 0;
  let timer: NodeJS.Timeout;
  const look = async (): Promise<void> => {
    try {
      retire(await dial({ ...source, timeoutMs: PATIENCE_MS, signal: stopped.signal }));
      silences = 0;
    } catch (error) {
      silences = isSilence(error) ? silences + 1 : 0;
    }
    if (stopped.signal.aborted) return;
    if (silences >= MOST_SILENCES) onDead();
    else schedule();
  };
  const schedule = (): void => {
    timer = setTimeout(() => void look(), EVERY_MS);
  };
  schedule();
  return () => {
    clearTimeout(timer);
    stopped.abort();
  };
}
