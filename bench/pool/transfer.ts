import type pg from 'pg';
import { schema } from './schema.js';

const accounts = 10_000;

/** BEGIN and COMMIT, and the four statements between them. */
export const roundTrips = 6;

// Updates find room on their own page, which cleans itself: no autovacuum comes at a moment of its own.
export const createAccounts = `
  create table ${schema}.accounts (id int primary key, owner text not null, balance bigint not null)
    with (fillfactor = 50, autovacuum_enabled = false);
  create table ${schema}.transfers (source int not null, target int not null, amount int not null);
  insert into ${schema}.accounts select n, 'Owner ' || n, 1000 from generate_series(1, ${String(accounts)}) n`;

/** Of the n-th transfer. Callers that work at the same time meet on no row, unless they are half as many as the accounts. */
export function accountsOf(n: number): [source: number, target: number] {
  const place = n * 7919;
  return [(place % accounts) + 1, ((place + accounts / 2) % accounts) + 1];
}

/** What stands between BEGIN and COMMIT. */
export async function transfer(client: Pick<pg.ClientBase, 'query'>, n: number): Promise<void> {
  const [source, target] = accountsOf(n);
  await client.query(`select owner, balance from ${schema}.accounts where id = $1`, [source]);
  await client.query(`update ${schema}.accounts set balance = balance - $1 where id = $2`, [1, source]);
  await client.query(`update ${schema}.accounts set balance = balance + $1 where id = $2`, [1, target]);
  await client.query(`insert into ${schema}.transfers (source, target, amount) values ($1, $2, $3)`, [
    source,
    target,
    1,
  ]);
}
