import { spawn } from 'node:child_process';

// The tests in two processes side by side, since those that break servers wait more than they work. What the second one
// says comes when the first has finished.

function run(config, args) {
  const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', '--config', config, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  let shown = false;
  const say = (chunk) => (shown ? process.stdout.write(chunk) : output.push(chunk));
  child.stdout.on('data', say);
  child.stderr.on('data', say);
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  return {
    child,
    show: () => {
      shown = true;
      for (const chunk of output) process.stdout.write(chunk);
      return ended;
    },
  };
}

const runs = [run('.mocharc.json', ['--ignore', 'dist/test/faults/**']), run('.mocharc.faults.json', [])];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runs.forEach(({ child }) => child.kill(signal)));
for (const { show } of runs) if ((await show()) !== 0) process.exitCode = 1;
