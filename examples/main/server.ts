import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { dbResilience } from 'express-db-resilience';
import { createApp } from './app.js';
import { openDatabase } from './database.js';
import type { Database } from './database.js';
import { faultWords, isFaultWord } from './faults.js';
import type { Faults } from './faults.js';
import { guide } from './guide.js';
import { listen } from './listen.js';
import { logTo } from './log.js';
import { createSchema } from './schema.js';
import { readSettings } from './settings.js';
import type { Settings } from './settings.js';
import { Terminal } from './terminal.js';
import { Watch } from './watch.js';

const terminal = new Terminal();
const interrupted = new Promise<void>((resolve) => {
  let asked = false;
  const onSignal = () => {
    // Whoever asks twice does not want to wait. The database goes with this process in any case.
    if (asked) process.exit(130);
    asked = true;
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
});

try {
  const settings = readSettings(process.env);
  terminal.say('Starting …');
  const database = await openDatabase();
  try {
    await serve(database, settings);
  } finally {
    await database.stop();
  }
  terminal.say('Stopped.');
} catch (error) {
  terminal.close();
  console.error(`The example could not run: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** Serves until it is interrupted. */
async function serve(database: Database, settings: Settings): Promise<void> {
  const { connectionString, faults } = database;
  const resilience = dbResilience({
    ...(connectionString === undefined ? {} : { connectionString, ssl: false }),
    // Short, so that one sees things happen. A real service keeps the defaults.
    acquireTimeoutMs: 2000,
    queryTimeoutMs: 3000,
    drainTimeoutMs: 4000,
    min: 1,
    max: 5,
    monitor: { slowQueryThresholdMs: 500, leakThresholdMs: 5000 },
    logger: logTo(terminal),
    // The terminal is for what happens to the database.
    requestLog: false,
  });
  let text = '';
  const server = createServer(createApp({ resilience, faults, guide: () => text }));
  try {
    const { url, taken } = await listen(server, settings);
    text = guide({ url, database: database.description, breakable: faults !== undefined });
    if (taken !== undefined) terminal.say(`Port ${String(taken)} is taken, so another one is used.`);
    const created = createSchema(resilience);
    await Promise.race([created, sleep(2000, undefined, { ref: false }), interrupted]);
    terminal.say(`\n${text}`);
    const watch = faults === undefined ? undefined : new Watch({ url, resilience, faults, terminal });
    if (faults !== undefined) faults.onChange = () => watch?.start();
    terminal.read({
      onLine: (line) => void obey(line, faults),
      onInterrupt: () => process.emit('SIGINT'),
    });
    // Ends early where the schema cannot be created.
    await Promise.race([interrupted, created.then(() => interrupted)]);
    watch?.stop();
  } finally {
    terminal.close();
    terminal.say('Stopping …');
    server.close();
    await resilience.close();
    server.closeAllConnections();
  }
}

async function obey(line: string, faults: Faults | undefined): Promise<void> {
  const word = line.toLowerCase();
  if (faults === undefined) {
    terminal.say('  Faults are not available: the database of DATABASE_URL is not mine to break.');
  } else if (!isFaultWord(word)) {
    terminal.say(`  "${line}" is none of ${Object.keys(faultWords).join(', ')}.`);
  } else {
    try {
      await faults.apply(word);
      terminal.say(`  ${word}: ${faultWords[word]}`);
    } catch (error) {
      terminal.say(`  ${(error as Error).message}.`);
    }
  }
}
