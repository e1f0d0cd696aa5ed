import type { Transfer } from '../checker.js';

export interface TransferOptions {
  readonly timeoutMs: number;
  readonly isolation: 'read committed' | 'repeatable read';
  /** To be called whenever its transaction has begun, replays included. */
  readonly onAttempt: () => void;
}

/** What carries transfers out, each in one transaction. */
export interface Subject {
  /** Resolves when it is stored. @throws an error whose `outcome` is `unknown`, or one that says: nothing is stored */
  transfer(transfer: Transfer, options: TransferOptions): Promise<unknown>;
  end(): Promise<unknown>;
}

/** Its three statements; the accounts are locked in the order of the transfer, so that some run into deadlocks. */
export async function carryOut(
  db: { query(text: string, values: number[]): Promise<unknown> },
  { id, source, target, amount }: Transfer,
): Promise<void> {
  await db.query('update accounts set balance = balance - $2 where id = $1', [source, amount]);
  await db.query('update accounts set balance = balance + $2 where id = $1', [target, amount]);
  await db.query('insert into transfers (id, source, target, amount) values ($1, $2, $3, $4)', [
    id,
    source,
    target,
    amount,
  ]);
}
