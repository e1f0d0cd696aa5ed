import { setTimeout as sleep } from 'node:timers/promises';
import { isAnswered } from '../../faults/is-answered.js';

const everyMs = 5;
const patienceMs = 250;

/**
 * When somebody else can connect and is answered: the beginning of the first attempt that succeeded, so that what is
 * counted from there is rather too long than too short. To be called when the fault is being healed.
 */
export async function acceptsAt(connectionString: string, withinMs: number): Promise<number> {
  for (const until = performance.now() + withinMs; ;) {
    const began = performance.now();
    try {
      await isAnswered({ connectionString }, patienceMs);
      return began;
    } catch (error) {
      if (began > until) throw new Error(`The database does not answer in ${String(withinMs)} ms`, { cause: error });
      await sleep(everyMs);
    }
  }
}
