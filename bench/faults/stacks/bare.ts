import { answerWith } from './answer.js';
import { makePool } from './bare-pool.js';
import type { MakeStack } from './stack.js';

export const makeStack: MakeStack = (connectionString) => {
  const pool = makePool(connectionString);
  return {
    pool,
    db: () => pool,
    protect: (work) => work(),
    errorHandler: answerWith(() => 503),
  };
};
