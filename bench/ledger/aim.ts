import { setTimeout as sleep } from 'node:timers/promises';
import type { CutAfterMessageOptions, FaultProxy, ProtocolMessage } from '../../lib/testing/index.js';
import type { Random } from './random.js';

export type Aim = Pick<CutAfterMessageOptions, 'direction' | 'match' | 'when'>;

const waitMs = 1000;

function isCommit({ type, text = '' }: ProtocolMessage): boolean {
  return (type === 'Q' || type === 'P') && /(^|;)\s*(commit|end)\b/i.test(text);
}

function isAnswer({ type, text }: ProtocolMessage): boolean {
  return type === 'C' && text === 'COMMIT';
}

export const beforeCommit: Aim = { direction: 'toServer', match: isCommit, when: 'before' };
export const behindCommit: Aim = { direction: 'toServer', match: isCommit, when: 'after' };
export const beforeAnswer: Aim = { direction: 'toClient', match: isAnswer, when: 'before' };
/** Behind CommandComplete, before ReadyForQuery. */
export const withinAnswer: Aim = { direction: 'toClient', match: isAnswer, when: 'after' };

/** Cuts some connections there; returns when they are cut, or when none came by for a second. */
export async function cut(proxy: FaultProxy, random: Random, aim: Aim): Promise<void> {
  const times = random.whole(1, 6);
  const ordered = proxy.cutAfterMessage({ ...aim, times, reset: random.chance(0.5) });
  for (const until = performance.now() + waitMs; ordered.happened < times && performance.now() < until; await sleep(1));
  await proxy.pass();
}

/** Calls `strike` at the very moment at which a message passes there, or after a second without one. */
export async function strikeAt(proxy: FaultProxy, aim: Aim, strike: () => Promise<void>): Promise<void> {
  let struck: Promise<void> | undefined;
  const ordered = proxy.cutAfterMessage({
    ...aim,
    match: (message) => {
      if (!aim.match(message)) return false;
      struck ??= strike();
      return true;
    },
  });
  await Promise.race([ordered.done, sleep(waitMs)]);
  await (struck ??= strike());
  await proxy.pass();
}
