import { excuses, timeToAskMs, type FaultName } from './names.js';

export interface Transfer {
  readonly id: number;
  readonly source: number;
  readonly target: number;
  readonly amount: number;
}

/** A row as it was found in the end. */
export type Row = Transfer;

/** What the caller of a transfer was told. Times are of one clock, in milliseconds. */
export interface Told extends Transfer {
  readonly begunAt: number;
  /** When its last transaction began: what happened before it has no part in the outcome. */
  readonly attemptedAt: number;
  /** Undefined: never. */
  readonly answeredAt?: number;
  readonly told: 'stored' | 'failed' | 'unknown' | 'nothing';
  /** Of an unknown one, what it gave as its reason; of a failed one, which error it was. */
  readonly reason?: string;
}

export interface FaultSpan {
  readonly fault: FaultName;
  readonly from: number;
  /** When the database could be reached again. */
  readonly to: number;
}

export interface Evidence {
  readonly told: readonly Told[];
  readonly rows: readonly Row[];
  readonly balances: ReadonlyMap<number, number>;
  readonly openingBalance: number;
  readonly accounts: number;
  readonly spans: readonly FaultSpan[];
  readonly timeoutMs: number;
  /** An answer so long after its deadline is late. */
  readonly graceMs: number;
}

export interface Unknown {
  readonly id: number;
  readonly reason: string;
  /** Whether it was stored in truth. */
  readonly stored: boolean;
  /** The faults that its last transaction overlapped with. */
  readonly under: readonly FaultName[];
  /** Whether one of them accounts for its reason, or there was hardly time to ask. */
  readonly excused: boolean;
}

/** Transfers by their ids, accounts by theirs. */
export interface Verdict {
  readonly transfers: number;
  readonly stored: number;
  readonly failed: number;
  /** Told stored, and not found. */
  readonly missing: readonly number[];
  /** Found more than once, whatever was told. */
  readonly duplicated: readonly number[];
  /** Told failed, and found. */
  readonly failedButStored: readonly number[];
  /** Found, and not what anybody asked for. */
  readonly strange: readonly number[];
  /** By how much the sum of all balances has changed. */
  readonly sumOff: number;
  /** Accounts whose balance is not what the rows found make of it: half a transfer. */
  readonly accountsOff: readonly number[];
  readonly unknown: readonly Unknown[];
  readonly hung: readonly number[];
  readonly late: readonly number[];
  readonly latestMs: number;
}

const outOfTime = ['deadline', 'unreachable', 'in-progress', 'not-replicated'];

/** Compares what callers were told with what is stored. */
export function check(evidence: Evidence): Verdict {
  const { told, rows, timeoutMs, graceMs } = evidence;
  const found = new Map<number, number>();
  for (const { id } of rows) found.set(id, (found.get(id) ?? 0) + 1);
  const asked = new Map(told.map((transfer) => [transfer.id, transfer]));
  const of = (what: Told['told']): Told[] => told.filter((each) => each.told === what);
  const took = told.flatMap(({ id, begunAt, answeredAt }) =>
    answeredAt === undefined ? [] : [{ id, ms: answeredAt - begunAt }],
  );
  return {
    transfers: told.length,
    stored: of('stored').length,
    failed: of('failed').length,
    missing: ids(of('stored').filter(({ id }) => !found.has(id))),
    duplicated: [...found].filter(([, times]) => times > 1).map(([id]) => id),
    failedButStored: ids(of('failed').filter(({ id }) => found.has(id))),
    strange: ids(rows.filter((row) => !isSame(row, asked.get(row.id)))),
    ...compareBalances(evidence),
    unknown: of('unknown').map((each) => explain(each, found.has(each.id), evidence)),
    hung: ids(of('nothing')),
    late: ids(took.filter(({ ms }) => ms > timeoutMs + graceMs)),
    latestMs: took.reduce((latest, { ms }) => Math.max(latest, ms), 0),
  };
}

function ids(transfers: readonly { id: number }[]): number[] {
  return transfers.map(({ id }) => id);
}

function isSame(row: Row, asked: Transfer | undefined): boolean {
  return row.source === asked?.source && row.target === asked.target && row.amount === asked.amount;
}

function compareBalances({
  rows,
  balances,
  openingBalance,
  accounts,
}: Evidence): Pick<Verdict, 'sumOff' | 'accountsOff'> {
  const expected = new Map<number, number>();
  for (let id = 1; id <= accounts; id++) expected.set(id, openingBalance);
  for (const { source, target, amount } of rows) {
    expected.set(source, (expected.get(source) ?? 0) - amount);
    expected.set(target, (expected.get(target) ?? 0) + amount);
  }
  const known = new Set([...expected.keys(), ...balances.keys()]);
  let sum = 0;
  for (const balance of balances.values()) sum += balance;
  return {
    sumOff: sum - accounts * openingBalance,
    accountsOff: [...known].filter((id) => expected.get(id) !== balances.get(id)),
  };
}

function explain(told: Told, stored: boolean, { spans, timeoutMs }: Evidence): Unknown {
  const { id, begunAt, attemptedAt, answeredAt = Infinity, reason = '' } = told;
  const overlapping = spans.filter(({ from, to }) => from <= answeredAt && attemptedAt <= to);
  const under = [...new Set(overlapping.map(({ fault }) => fault))];
  const hadTime = begunAt + timeoutMs - attemptedAt >= timeToAskMs;
  const excused =
    under.some((fault) => excuses[fault] === 'any' || excuses[fault].includes(reason)) ||
    (!hadTime && outOfTime.includes(reason));
  return { id, reason, stored, under, excused };
}
