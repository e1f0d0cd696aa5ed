/** One of them in a hundred is long. */
const LONG = 100_000;
const SHORT = 200;

/** As an application writes them that puts names and values into its SQL: no two have the same fingerprint. */
export function textOf(number: number): string {
  // Letters only: a digit would be a part of the name as well, but is easily taken for a value.
  const name = number.toString(36).replace(/\d/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit)) + '_');
  const head = `select id, name, created_at from orders_${name} where customer = '${String(number)}' and state in (1, 2) `;
  const length = number % 100 === 0 ? LONG : SHORT - 20 + (number % 41);
  return head + ' and note <> 7'.repeat(Math.max(0, Math.ceil((length - head.length) / 14)));
}
