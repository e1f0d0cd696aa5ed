import type pg from 'pg';
import { leave } from './leave.js';
import { Load } from './load.js';
import type { Course, Plan } from './withstand.js';

const clients = 200;
const leaveAfterMs = 100;
const lookAfterMs = 500;
const nextReads = 50;
const storedWithinMs = 5000;

/** Clients leave from slow reads; then others come, and one leaves from a write. */
export async function abandon({ rig, application, rate, patience = 1 }: Plan): Promise<Course> {
  const { port } = application;
  // Opened before, so that looking takes no time.
  const witness = await rig.openWitness();
  try {
    await Promise.all(
      Array.from({ length: clients }, () => leave({ port, method: 'GET', path: '/slow', afterMs: leaveAfterMs })),
    );
    await sleep(lookAfterMs);
    let { active } = await rig.lookOutside(witness);
    for (let more = patience; more > 1 && active > 0; more--) {
      await sleep(lookAfterMs);
      ({ active } = await rig.lookOutside(witness));
    }
    const wellFrom = performance.now();
    const next = new Load({ port, perSecond: rate, method: 'GET', path: '/read', most: nextReads });
    const reads = await next.finish();
    const id = Date.now() % 1_000_000_000;
    await leave({ port, method: 'POST', path: `/write/${String(id)}`, afterMs: leaveAfterMs });
    const writeStored = await isStored(witness, id);
    return {
      reads,
      transactions: [],
      control: [],
      wellFrom,
      wellTo: Infinity,
      healedAt: wellFrom,
      healedAfterMs: 0,
      worstDelayMs: next.worstDelayMs,
      abandoned: { active, writeStored },
    };
  } finally {
    await witness.end();
  }
}

async function isStored(witness: pg.Client, id: number): Promise<boolean> {
  const until = performance.now() + storedWithinMs;
  while (performance.now() < until) {
    const { rowCount } = await witness.query('select from writes where id = $1', [id]);
    if (rowCount === 1) return true;
    await sleep(50);
  }
  return false;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
