import { ResilientPool } from '../../../lib/index.js';
import { poolSize } from '../names.js';
import { carryOut, type Subject } from './subject.js';

export function makeOurs(connectionString: string): Subject {
  // Of a server that fails every other second the circuit would keep most transfers away, and with them what is measured.
  const pool = new ResilientPool({ connectionString, max: poolSize, min: 2, circuit: false });
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
