/** pg reads the PG* variables of the process by itself: tests that compare with pg must not see the machine's. */
export function withoutPgVariables(): void {
  const saved = new Map<string, string>();

  before(() => {
    for (const [name, value] of Object.entries(process.env)) {
      if (!name.startsWith('PG') || value === undefined) continue;
      saved.set(name, value);
      delete process.env[name];
    }
  });

  after(() => {
    for (const [name, value] of saved) process.env[name] = value;
  });
}
