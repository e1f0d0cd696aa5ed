import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAnswer, beforeCommit, behindCommit, cut, strikeAt, withinAnswer } from './aim.js';
import { backendCrash } from './backend-crash.js';
import type { FaultName } from './names.js';
import type { Random } from './random.js';
import type { Rig } from './rig.js';

/** Breaks the database and mends it; resolves when it can be reached again. */
type Breaker = (rig: Rig, random: Random) => Promise<void>;

export const breakers: Readonly<Record<FaultName, Breaker>> = {
  reset: async ({ proxy }, random) => {
    for (let left = random.whole(1, 5); left > 0; left--) {
      proxy.reset();
      await sleep(random.between(0, 60));
    }
  },
  'cut-before-commit': ({ proxy }, random) => cut(proxy, random, beforeCommit),
  'cut-behind-commit': ({ proxy }, random) => cut(proxy, random, behindCommit),
  'cut-answer': ({ proxy }, random) => cut(proxy, random, random.pick([beforeAnswer, withinAnswer])),
  terminate,
  freeze: async ({ primary }, random) => {
    await primary.freeze();
    await sleep(random.between(200, 1200));
    await primary.resume();
  },
  'standby-away': async (rig, random) => {
    await loseStandby(rig, random);
    await rig.standby?.start();
  },
  'kill-backend': async (rig, random) => {
    const crash = await backendCrash(rig.primary);
    await cutFirst(rig, random);
    for (let crashed = false; !crashed;) {
      const [pid] = random.shuffled(await rig.sessions());
      if (pid !== undefined) crashed = await crash(pid);
    }
  },
  kill: async (rig, random) => {
    await killAtCommit(rig, random);
    await sleep(random.between(0, 200));
    await rig.primary.start();
  },
  'restart-fast': async (rig, random) => {
    await cutFirst(rig, random);
    await rig.primary.restart({ mode: 'fast' });
  },
  'restart-immediate': async (rig, random) => {
    await cutFirst(rig, random);
    await rig.primary.restart({ mode: 'immediate' });
  },
  promote: (rig, random) =>
    random.pick([promoteKilled, promoteShutDown, promoteCutOff, promoteBehind, promoteBehind])(rig, random),
};

async function promoteKilled(rig: Rig, random: Random): Promise<void> {
  await killAtCommit(rig, random);
  await rig.promote();
}

async function promoteShutDown(rig: Rig): Promise<void> {
  await rig.primary.shutdown();
  await rig.promote();
}

/** The old primary lives on, where nobody reaches it. */
async function promoteCutOff(rig: Rig, random: Random): Promise<void> {
  if (random.chance(0.5)) rig.proxy.reset();
  await rig.promote();
  rig.proxy.reset();
}

/** The standby has missed what callers were waiting for, and some of them have asked what became of it. */
async function promoteBehind(rig: Rig, random: Random): Promise<void> {
  await loseStandby(rig, random);
  await rig.primary.kill();
  await rig.standby?.start();
  await rig.promote();
}

/** Sessions whose COMMIT waits for the standby are ended: these have committed here alone. */
async function loseStandby(rig: Rig, random: Random): Promise<void> {
  await rig.standby?.kill();
  await sleep(random.between(20, 150));
  if (random.chance(0.5)) rig.proxy.reset();
  await terminate(rig, random);
  await sleep(random.between(0, 400));
}

async function terminate(rig: Rig, random: Random): Promise<void> {
  const pids = random.shuffled(await rig.sessions()).slice(0, random.whole(1, 10));
  await rig.primary.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids]);
}

async function killAtCommit({ primary, proxy }: Rig, random: Random): Promise<void> {
  const aim = random.pick([beforeCommit, behindCommit, undefined, undefined]);
  if (aim === undefined) await primary.kill();
  else await strikeAt(proxy, aim, () => primary.kill());
}

/** In half of the cases some outcomes are already in doubt when the fault comes. */
async function cutFirst({ proxy }: Rig, random: Random): Promise<void> {
  if (!random.chance(0.5)) return;
  await cut(proxy, random, random.pick([beforeCommit, behindCommit]));
  await sleep(random.between(0, 10));
}
