import { setTimeout as sleep } from 'node:timers/promises';
import { Rig } from '../../faults/rig.js';
import { acceptsAt } from '../load/accepts-at.js';
import type { Answer } from '../load/calls.js';
import { Subject, type Change } from '../load/subject.js';
import type { OnProgress } from '../part-report.js';

const calmMs = 1000;
const downMs = 6000;
const afterwardsMs = 1000;
const lookEveryMs = 5;

/** Times are in milliseconds since the server was killed. */
export interface Recorded {
  readonly answers: readonly { readonly at: number; readonly ms: number; readonly kind: Answer['kind'] }[];
  readonly changes: readonly Pick<Change, 'at' | 'to'>[];
  readonly probes: readonly number[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly acceptsMs: number;
  readonly closedMs: number;
  readonly sentWhileOpen: number;
}

/** One server, killed and started again. */
export async function record(onProgress: OnProgress): Promise<Recorded> {
  await using rig = await Rig.start();
  await using subject = new Subject(rig.connectionString);
  const { pool, calls, changes, wire } = subject;
  const probedAt: number[] = [];
  const looking = setInterval(() => {
    for (let { probes } = pool.circuit.describe(); probedAt.length < probes;) probedAt.push(performance.now());
  }, lookEveryMs);
  try {
    onProgress('calm');
    await sleep(calmMs);
    onProgress('killed');
    const killedAt = performance.now();
    await rig.server.kill();
    await sleep(killedAt + downMs - performance.now());
    onProgress('starting');
    const [accepted] = await Promise.all([acceptsAt(rig.connectionString, 30_000), rig.server.start()]);
    const closedAt = await subject.changedTo('closed', killedAt, 20_000);
    await sleep(afterwardsMs);
    const untilMs = performance.now() - killedAt;
    const answers = await calls.stop();
    return {
      answers: answers.map(({ endedAt, tookMs, kind }) => ({ at: endedAt - killedAt, ms: tookMs, kind })),
      changes: changes.map(({ at, to }) => ({ at: at - killedAt, to })),
      probes: probedAt.map((at) => at - killedAt),
      fromMs: -calmMs,
      untilMs,
      acceptsMs: accepted - killedAt,
      closedMs: closedAt - killedAt,
      sentWhileOpen: wire.sentWhileOpen,
    };
  } finally {
    clearInterval(looking);
  }
}
