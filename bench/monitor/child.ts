import { Statements } from '../../lib/core/sql/statements.js';
import { QueryMonitor } from '../../lib/monitor/queries.js';
import { textOf } from './texts.js';

const [what, count] = process.argv.slice(2);
// Here and not in a function, so that they live until the end.
const known = new Statements();
const monitor = new QueryMonitor();
let characters = 0;

function run(from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const text = textOf(number);
    characters += text.length;
    if (what === 'monitor') monitor.record(known.of(text), 0.1 * 1.1 ** (number % 97), 1, false);
    else characters += text.charCodeAt(text.length - 1);
  }
}

function used(): number {
  if (globalThis.gc === undefined) throw new Error('This process needs --expose-gc');
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = used();
run(0, Number(count));
const left = used() - before;
// Read afterwards: nothing of it may be collected before the measurement.
if (characters < 0 || known.of('select 1').text === '' || monitor.size < 0) throw new Error('Nothing was run');
process.send?.(left);
