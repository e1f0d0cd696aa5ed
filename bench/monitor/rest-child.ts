import { setTimeout as sleep } from 'node:timers/promises';
import { createResilience } from '../../lib/index.js';
import { serve } from '../pool/worker.js';

export interface RestRequest {
  readonly connectionString: string;
  readonly connections: number;
  readonly ms: number;
}

/** Until the code that opened the connections is compiled, and collected what it left. */
const settleMs = 2000;

serve(async ({ connectionString, connections, ms }: RestRequest): Promise<number> => {
  const resilience = createResilience({ connectionString, min: connections });
  await resilience.ready();
  resilience.prometheus();
  while (resilience.db.idleCount < connections || resilience.healthMonitor.report().checked_at === null)
    await sleep(10);
  await sleep(settleMs);
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return user + system;
});
