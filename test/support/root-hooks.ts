import { inspect } from 'node:util';

const graceMs = 10_000;
const leaks = new Set<string>();

// Mocha 12 swallows unhandled rejections. Thrown from here, they fail the test that is running.
process.on('unhandledRejection', (reason) => {
  throw reason;
});

process.on('warning', (warning) => {
  if (warning.name === 'MaxListenersExceededWarning') leaks.add(warning.stack ?? warning.message);
});

export function mochaGlobalTeardown(): void {
  setTimeout(endUnlessIdle, graceMs).unref();
  if (leaks.size > 0) throw new Error(`Listeners pile up:\n${[...leaks].join('\n')}`);
}

// The timer is unref'd: it comes only where something else keeps the process alive.
function endUnlessIdle(): void {
  const resources = inspect(process.getActiveResourcesInfo(), { breakLength: Infinity, maxArrayLength: null });
  process.stderr.write(
    `\n${String(graceMs / 1000)} s after the last test this process is kept alive by ${resources}\n`,
  );
  // Mocha sets its own exit code in a listener like this one, which came first.
  process.once('exit', () => (process.exitCode = 1));
  process.exit(1);
}
