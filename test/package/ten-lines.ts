import { readFile } from 'node:fs/promises';

const listening = `
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())));
process.once('SIGTERM', () => {
  server.close();
  void resilience.close();
});
`;

/** The README's ten lines as a program that prints where it listens and stops at SIGTERM. */
export async function tenLines(modules: 'esm' | 'commonjs'): Promise<string> {
  const readme = await readFile('README.md', 'utf8');
  const code = /^## Ten lines\n+```ts\n(.+?)\n```/ms.exec(readme)?.[1];
  const program = code?.replace(/^app[.]listen\(3000\);$/m, listening);
  if (program === undefined || program === code) throw new Error('README.md has no "Ten lines" that end by listening');
  return modules === 'esm' ? program : program.replace(/^import (.+) from (.+);$/gm, 'const $1 = require($2);');
}
