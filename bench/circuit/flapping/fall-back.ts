import { Circuit, ConnectionLostError } from '../../../lib/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

/** One opening, so long after the circuit was closed. */
export interface Opening {
  readonly closedForMs: number;
  readonly leastOpenMs: number;
}

/** How the least open time grows while the circuit opens again and again, and falls back, on a clock that does not wait. */
export async function fallBack(pausesMs: readonly number[]): Promise<readonly Opening[]> {
  const clock = new FakeClock();
  let isUp = true;
  const lost = () => Promise.reject(new ConnectionLostError('There is no server', { outcome: 'not-executed' }));
  const circuit = new Circuit({ name: 'fall-back', clock, probe: () => (isUp ? Promise.resolve() : lost()) });
  const until = async (state: 'open' | 'closed') => {
    while (circuit.state !== state) await clock.advanceAsync(10);
  };
  const openings: Opening[] = [];
  for (const closedForMs of pausesMs) {
    await clock.advanceAsync(closedForMs);
    isUp = false;
    await circuit.execute(lost).catch(() => undefined);
    await until('open');
    openings.push({ closedForMs, leastOpenMs: circuit.describe().leastOpenMs });
    isUp = true;
    await until('closed');
  }
  circuit.shutdown();
  return openings;
}
