import { Circuit } from '../../../lib/policy/circuit/circuit.js';

/** Through a closed circuit so many times, as a statement that succeeds goes: the look at it, its token, its success. */
export function circuitPass(): (times: number) => void {
  const circuit = new Circuit({ name: 'bench', probe: () => Promise.resolve() });
  return (times) => {
    const before = circuit.answers;
    let sum = 0;
    for (let i = 0; i < times; i++) {
      if (circuit.barred) throw new Error('The circuit is not closed');
      const token = circuit.begin();
      circuit.succeed(token);
      sum += token;
    }
    expectSum(sum, before + 1, times);
    if (circuit.answers !== before + times) throw new Error('The circuit has not seen every answer');
  };
}

/** The loop alone. */
export function emptyPass(): (times: number) => void {
  const numbers = { last: 0 };
  return (times) => {
    const before = numbers.last;
    let sum = 0;
    for (let i = 0; i < times; i++) {
      numbers.last += 1;
      sum += numbers.last;
    }
    expectSum(sum, before + 1, times);
  };
}

// Looked at, so that the compiler cannot do without the loop.
function expectSum(sum: number, first: number, times: number): void {
  const expected = times * first + (times * (times - 1)) / 2;
  if (sum !== expected) throw new Error(`The tokens add up to ${String(sum)} instead of ${String(expected)}`);
}
