import type { Application } from './app/application.js';
import type { Inside } from './app/inside.js';
import type { Left } from './report.js';
import type { Outside, Rig } from './rig.js';

const settleMs = 5000;
const nothing: Inside = { checkedOut: 0, waiting: 0, timers: 0, listeners: 0, resources: {}, worstDelayMs: 0 };

/** Looks until nothing is left, or for 5 s. */
export async function whatIsLeft(rig: Rig, application: Application, before: Inside): Promise<Left> {
  const started = performance.now();
  for (;;) {
    const inside = await look(application);
    const left = compare(before, inside, await rig.lookOutside());
    const ms = performance.now() - started;
    const settled = describeLeft(left).length === 0;
    if (settled || ms > settleMs) return { ...left, settledMs: settled ? ms : undefined };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A dead application has left nothing in its process. */
export async function look(application: Application): Promise<Inside> {
  try {
    return await application.ask('look');
  } catch (error) {
    if (application.death !== undefined) return nothing;
    throw error;
  }
}

function compare(before: Inside, now: Inside, outside: Outside): Omit<Left, 'settledMs'> {
  const more = Object.entries(now.resources)
    .map(([type, count]) => [type, count - (before.resources[type] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return {
    checkedOut: now.checkedOut,
    waiting: now.waiting,
    ...outside,
    timers: Math.max(0, now.timers - before.timers),
    listeners: Math.max(0, now.listeners - before.listeners),
    resources: Object.fromEntries(more),
  };
}

/** In words, each with its number; none where nothing is left. */
export function describeLeft(left: Omit<Left, 'settledMs'>): string[] {
  const counts: [number, string][] = [
    [left.checkedOut, 'out'],
    [left.waiting, 'waiting'],
    [left.active, 'active'],
    [left.transactions, 'in transaction'],
    [left.locks, 'locks'],
    [left.timers, 'timers'],
    [left.listeners, 'listeners'],
    ...Object.entries(left.resources).map(([type, count]): [number, string] => [count, type]),
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${String(count)} ${what}`);
}
