import { makePool } from './bare-pool.js';
import { carryOut, type Subject } from './subject.js';

/** Whatever fails has failed. */
export function makeBare(connectionString: string): Subject {
  const pool = makePool(connectionString);
  return {
    async transfer(transfer, { isolation, onAttempt }) {
      const client = await pool.connect();
      try {
        await client.query(`begin isolation level ${isolation}`);
        onAttempt();
        await carryOut(client, transfer);
        await client.query('commit');
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    end: () => pool.end(),
  };
}
