import type { Sample } from './load.js';

/** Control requests of so long before and after a moment tell of it. */
const aroundMs = 300;

/**
 * What the machine added to an answer: how long requests without a database took when it was asked for, and when it came.
 * On a quiet machine that is 2 ms; on one that others load, a second is no answer of the pool's.
 */
export function lagOf({ dueAt, ms }: Sample, control: readonly Sample[]): number {
  return worstAround(dueAt, control) + worstAround(dueAt + ms, control);
}

function worstAround(moment: number, control: readonly Sample[]): number {
  let worst = 0;
  for (const { dueAt, ms } of control) {
    if (dueAt <= moment + aroundMs && dueAt + ms >= moment - aroundMs) worst = Math.max(worst, ms);
  }
  return worst;
}
