/** A command that starts servers and reports. Exit code 1: a rule was broken; 2: it could not run. */
export interface ReportCommand<Options extends { readonly help: boolean }> {
  readonly help: string;
  readonly readOptions: (args: string[]) => Options;
  /** Whether every rule was kept. */
  readonly run: (options: Options) => Promise<boolean>;
}

export async function runCommand<Options extends { readonly help: boolean }>(
  command: ReportCommand<Options>,
): Promise<void> {
  // Servers, proxies and applications end with this process, however that comes about.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.log('\nInterrupted.');
      process.exit(130);
    });
  }
  try {
    const options = command.readOptions(process.argv.slice(2));
    if (options.help) console.log(command.help);
    else if (!(await command.run(options))) process.exitCode = 1;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}
