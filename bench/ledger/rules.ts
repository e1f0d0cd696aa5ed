import type { Verdict } from './checker.js';

export type Rule =
  | 'none missing'
  | 'none twice'
  | 'failed is failed'
  | 'as asked'
  | 'sum'
  | 'whole transfers'
  | 'unknown only where it must'
  | 'none hangs'
  | 'in time'
  | 'works';

/** Of all transfers, those that must have been stored: who refuses everything tells no lie either. */
const halfOfThem = 0.5;
const shown = 5;

/** The rules that a seed has broken, each with what was seen. @param storedAtLeast of all transfers */
export function brokenRules(verdict: Verdict, storedAtLeast = halfOfThem): Map<Rule, string> {
  const broken = new Map<Rule, string>();
  const none = (rule: Rule, ids: readonly number[], what: string): void => {
    if (ids.length > 0) broken.set(rule, `${String(ids.length)} ${what}: ${listed(ids.map(String))}`);
  };
  none('none missing', verdict.missing, 'told stored, and missing');
  none('none twice', verdict.duplicated, 'stored more than once');
  none('failed is failed', verdict.failedButStored, 'told failed, and stored');
  none('as asked', verdict.strange, 'found that nobody asked for');
  none('whole transfers', verdict.accountsOff, 'accounts whose balance is not what their transfers make of it');
  none('none hangs', verdict.hung, 'never answered');
  none('in time', verdict.late, `answered late, the latest after ${String(Math.round(verdict.latestMs))} ms`);
  if (verdict.sumOff !== 0) broken.set('sum', `the sum of all balances has changed by ${String(verdict.sumOff)}`);
  const needless = verdict.unknown.filter(({ excused }) => !excused);
  if (needless.length > 0) {
    const each = needless.map(
      ({ id, reason, under }) => `${String(id)} (${reason}; ${under.join(', ') || 'no fault'})`,
    );
    broken.set('unknown only where it must', `${String(needless.length)} unknown though provable: ${listed(each)}`);
  }
  const { stored, transfers } = verdict;
  if (stored < transfers * storedAtLeast) broken.set('works', `stored ${String(stored)} of ${String(transfers)}`);
  return broken;
}

function listed(items: readonly string[]): string {
  const more = items.length - shown;
  return items.slice(0, shown).join(', ') + (more > 0 ? ` and ${String(more)} more` : '');
}
