import { less, measureCost } from '../cost.js';
import { serve } from '../worker.js';
import { circuitPass, emptyPass } from './circuit-pass.js';

const repetition = { runs: 31, times: 50_000 };

serve(async () => {
  const through = await measureCost(repetition, circuitPass());
  const alone = await measureCost(repetition, emptyPass());
  return less(through, alone);
});
