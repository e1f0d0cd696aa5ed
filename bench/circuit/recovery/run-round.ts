import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../../faults/rig.js';
import { acceptsAt } from '../load/accepts-at.js';
import { breakIt } from '../load/break-it.js';
import { Subject } from '../load/subject.js';
import { silentFaults, type FaultName } from '../names.js';

const calmMs = 700;
const afterwardsMs = 300;
const opensWithinMs = 20_000;
const closesWithinMs = 20_000;

/** One outage and its end, under a pool that has known no other. */
export interface Round {
  /** From the beginning of the fault until the circuit was open. */
  readonly openedMs: number;
  /** The same from the first failure that a caller saw; undefined where it was open before any did. */
  readonly openedAfterFailureMs: number | undefined;
  /** From the moment at which the server accepted connections until the circuit was closed. */
  readonly closedMs: number;
  /** What each refusal took of a call that was made while the circuit was open. */
  readonly refusedMs: readonly number[];
  /** Calls made before it opened, and refused when it did: while they waited, or before they were tried again. */
  readonly caught: number;
  readonly answered: number;
  readonly failed: number;
  readonly sent: number;
  readonly sentWhileOpen: number;
  /** How late this process itself made its calls at worst. */
  readonly worstDelayMs: number;
}

export async function runRound(rig: Rig, fault: FaultName): Promise<Round> {
  await using subject = new Subject(rig.connectionString);
  const { calls, wire } = subject;
  await sleep(calmMs);
  const faultAt = performance.now();
  const heal = await breakIt[fault](rig);
  const openedAt = await subject.changedTo('open', faultAt, opensWithinMs);
  // At any moment of the time between two probes.
  const until = silentFaults.has(fault) ? performance.now() + 1000 : faultAt + 2000;
  await sleep(until - performance.now() + Math.random() * 1000);
  const healingAt = performance.now();
  const [accepted] = await Promise.all([acceptsAt(rig.connectionString, 30_000), heal()]);
  const closedAt = await subject.changedTo('closed', healingAt, closesWithinMs);
  await sleep(afterwardsMs);
  const answers = await calls.stop();
  const failures = answers.filter(({ kind, endedAt }) => kind === 'failed' && endedAt >= faultAt);
  const firstFailureAt = Math.min(...failures.map(({ endedAt }) => endedAt));
  const refused = answers.filter(({ kind }) => kind === 'refused');
  return {
    openedMs: openedAt - faultAt,
    openedAfterFailureMs: firstFailureAt < openedAt ? openedAt - firstFailureAt : undefined,
    closedMs: closedAt - accepted,
    refusedMs: refused.filter(({ madeWhileOpen }) => madeWhileOpen).map(({ tookMs }) => tookMs),
    caught: refused.filter(({ madeWhileOpen }) => !madeWhileOpen).length,
    answered: answers.filter(({ kind }) => kind === 'ok').length,
    failed: failures.length,
    sent: wire.sent,
    sentWhileOpen: wire.sentWhileOpen,
    worstDelayMs: calls.worstDelayMs,
  };
}
