import { AllocationMeter } from '../allocation.js';
import type { Cost } from '../cost.js';
import { serve } from '../worker.js';
import { cases } from './cases.js';
import type { Case, CaseName } from './cases.js';

export type Request = { readonly open: CaseName } | { readonly times: number };

const meter = new AllocationMeter();
let run: Case | undefined;

serve(async (request: Request): Promise<Cost | null> => {
  if ('open' in request) {
    run = await cases[request.open]();
    return null;
  }
  if (run === undefined) throw new Error('Not opened yet');
  const { times } = request;
  meter.start();
  const before = process.cpuUsage();
  await run(times);
  const { user, system } = process.cpuUsage(before);
  return { bytes: meter.stop() / times, nanos: ((user + system) * 1000) / times };
});
