import { ResilientPool } from '../../../lib/index.js';
import { poolSize } from '../names.js';
import { carryOut, type Subject } from './subject.js';

export function makeOurs(connectionString: string): Subject {
  const pool = new ResilientPool({ connectionString, max: poolSize, min: 2 });
  return {
    transfer: (transfer, { timeoutMs, isolation, onAttempt }) =>
      pool.transaction(
        (tx) => {
          onAttempt();
          return carryOut(tx, transfer);
        },
        { timeoutMs, isolation },
      ),
    end: () => pool.end(),
  };
}
