// Whether `npm start` serves within 30 s, as the README promises, and ends when it is interrupted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const servesWithinMs = 30_000;
const endsWithinMs = 15_000;

const started = performance.now();
const example = spawn('npm', ['start'], {
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true, // a process group of its own, to be interrupted as a whole, as Ctrl-C does
});
const exit = once(example, 'exit');

try {
  const url = await Promise.race([announcedUrl(), after(servesWithinMs, 'npm start announced no address')]);
  const { status } = await fetch(`${url}/api/readyz`);
  const ms = Math.round(performance.now() - started);
  if (status !== 200) throw new Error(`${url}/api/readyz answered ${status}`);
  if (ms > servesWithinMs) throw new Error(`It took ${ms} ms to answer`);
  console.log(`It answers after ${ms} ms.`);
  process.kill(-example.pid, 'SIGINT');
  await Promise.race([exit, after(endsWithinMs, 'npm start did not end when it was interrupted')]);
} finally {
  if (example.exitCode === null && example.signalCode === null) process.kill(-example.pid, 'SIGKILL');
}

function announcedUrl() {
  return new Promise((resolve, reject) => {
    let output = '';
    example.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      output += text;
      const url = /http:\/\/[\w.]+:\d+/.exec(output);
      if (url !== null) resolve(url[0]);
    });
    example.stdout.on('end', () => reject(new Error('npm start ended before it announced an address')));
  });
}

async function after(ms, complaint) {
  await sleep(ms, undefined, { ref: false });
  throw new Error(`${complaint} within ${ms / 1000} s`);
}
