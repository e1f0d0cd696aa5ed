import { AsyncLocalStorage } from 'node:async_hooks';
import { runWithDeadline } from '../../lib/index.js';
import { watchers } from './names.js';
import type { CandidateName, Mode } from './names.js';

export type Scope = <T>(work: () => Promise<T>) => Promise<T>;

const requests = new AsyncLocalStorage<{ startedAt: number }>();

const none: Scope = (work) => work();
// What an application does that keeps its request's id at hand. The cost of AsyncLocalStorage itself, which every
// promise of the process pays from the first `run` on, is so on both sides of the comparison.
const plain: Scope = (work) => requests.run({ startedAt: performance.now() }, work);
const deadline: Scope = (work) => runWithDeadline(30_000, work);

const ours: readonly CandidateName[] = ['ours', 'verified', ...watchers];

export function scopeOf(candidate: CandidateName, mode: Mode): Scope {
  if (mode === 'outside') return none;
  return ours.includes(candidate) ? deadline : plain;
}
