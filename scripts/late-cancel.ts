import { parseArgs } from 'node:util';
import { startPostgres } from '../lib/testing/index.js';
import { lateCancelSettings, runLateCancel, type LateCancelReport } from '../test/support/late-cancel.js';

// Whether a cancel that comes too late ever hits the next statement on its connection, tried many times.
// Usage: npm run late-cancel [-- --tries N]

function triesFromArguments(): number {
  const { values } = parseArgs({ options: { tries: { type: 'string', default: '10000' } } });
  const tries = Number(values.tries);
  if (!Number.isInteger(tries) || tries < 1) {
    throw new Error(`--tries: received ${values.tries}; expected a whole number of 1 or more`);
  }
  return tries;
}

function showProgress(tries: number): (done: number, hits: number) => void {
  if (!process.stdout.isTTY) return () => undefined;
  return (done, hits) => {
    if (done % 50 === 0 || done === tries) {
      process.stdout.write(`\r${String(done)} of ${String(tries)} tries, ${String(hits)} hits`);
    }
    if (done === tries) process.stdout.write('\n');
  };
}

function print(report: LateCancelReport, version: number): void {
  const { cancels, completedNonetheless, connections, durationMs, reasons } = report;
  console.log(`Late cancel on PostgreSQL ${String(version)}
  tries                   ${String(report.tries)}
  timed out               ${String(report.timedOut)}
    confirmed rolled-back ${String(report.rolledBack)}
    unknown               ${String(report.unknown)}
  completed               ${String(report.completed)}
  other errors            ${String(report.otherErrors)}
  cancels sent            ${String(cancels)}, of which ${String(completedNonetheless)} came too late: the statement had completed
  told the contrary       ${String(report.untruths)}
  connections opened      ${String(connections)}
  next statements hit     ${String(report.hits)}
  duration                ${(durationMs / 1000).toFixed(1)} s`);
  for (const reason of reasons) console.log(`  hit by: ${reason}`);
}

try {
  const tries = triesFromArguments();
  await using server = await startPostgres({ settings: lateCancelSettings });
  const report = await runLateCancel({ server, tries, onTry: showProgress(tries) });
  print(report, server.version);
  if (report.hits + report.untruths + report.otherErrors > 0) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
