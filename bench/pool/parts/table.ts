import type { CaseName } from './cases.js';
import type { Costs } from './measure.js';

type Line = readonly [what: string, measured: CaseName] | readonly [what: string, less: readonly [CaseName, CaseName]];

const lines: readonly Line[] = [
  ['pg.Client: query', 'pg.Client query'],
  ['pg.Pool: query', 'pg.Pool query'],
  ['  of that: acquire and release, with a timer each time', ['pg.Pool query', 'pg.Client query']],
  ['our pool: query', 'our pool query'],
  ['  of that: its turn on the connection, its deadline', ['our client query', 'pg.Client query']],
  ['  of that: acquire and release', ['our pool query', 'our client query']],
  ['  against pg.Pool', ['our pool query', 'pg.Pool query']],
  ['pg.Pool: query within AsyncLocalStorage.run, less without', ['pg.Pool query in als.run', 'pg.Pool query']],
  ['our pool: query within runWithDeadline, less without', ['our pool query in runWithDeadline', 'our pool query']],
  ['pg.Pool: query that waits for its connection, less at once', ['pg.Pool query, waiting', 'pg.Pool query']],
  ['our pool: query that waits for its connection, less at once', ['our pool query, waiting', 'our pool query']],
  ['  and within runWithDeadline', ['our pool query in runWithDeadline, waiting', 'our pool query in runWithDeadline']],
  ['pg.Pool: connect and release', 'pg.Pool connect and release'],
  ['our pool: connect and release', 'our pool connect and release'],
  ['pg.Pool: transaction of four statements by hand', 'transaction by hand'],
  ['our pool: the same in transaction()', 'our transaction'],
  ['  against pg.Pool', ['our transaction', 'transaction by hand']],
  ['  and within runWithDeadline, less without', ['our transaction in runWithDeadline', 'our transaction']],
  [
    'pg.Pool: the same within AsyncLocalStorage.run, less without',
    ['transaction by hand in als.run', 'transaction by hand'],
  ],
  ['a deadline: made, set, removed, with its look at the clock', 'deadline set and removed'],
  ['a closed circuit: entered, left, with its look at the clock', 'closed circuit'],
];

export function partsTable(costs: Costs): string {
  const rows = lines.map(([what, source]) => {
    const cells = (['nanos', 'bytes'] as const).map((figure) => {
      if (typeof source === 'string') {
        const { median, low, high } = costs[source][figure];
        return `${grouped(median).padStart(9)}  ${`${grouped(low)} – ${grouped(high)}`.padEnd(15)}`;
      }
      const [whole, part] = source;
      const difference = costs[whole][figure].median - costs[part][figure].median;
      return `${signed(difference).padStart(9)}  ${''.padEnd(15)}`;
    });
    return `  ${what.padEnd(60)}${cells.join('')}`.trimEnd();
  });
  const head = `  ${'no socket, no server'.padEnd(60)}${'CPU ns'.padStart(9)}  ${'quartiles'.padEnd(15)}${'bytes'.padStart(9)}  quartiles`;
  return [head, ...rows].join('\n');
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

function signed(value: number): string {
  return (value < 0 ? '− ' : '+ ') + grouped(Math.abs(value));
}
