import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { countTimers } from './timers.js';
import { createApp } from './create-app.js';
import { lookInside, readHeap } from './inside.js';
import type { Answers, Question, Start, Told } from './messages.js';
import type { MakeStack, Stack } from '../stacks/stack.js';

// The application in a process of its own. It has no handlers for what nobody caught: that ends it, and is seen to.

countTimers();
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

process.once('message', (start: Start) => {
  void serve(start);
});

async function serve({ stack: name, connectionString }: Start): Promise<void> {
  const { makeStack } = (await import(`../stacks/${name}.js`)) as { makeStack: MakeStack };
  const stack = makeStack(connectionString);
  const server = createServer(createApp(stack));
  // Longer than any run: a connection that is closed in the moment of its next use would look like a fault.
  server.keepAliveTimeout = 600_000;
  process.on('message', ({ id, what }: Question) => {
    answerTo(what, stack).then(
      (answer) => tell({ id, answer }),
      (error: unknown) => tell({ id, failed: String(error) }),
    );
  });
  server.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
}

async function answerTo(what: Question['what'], stack: Stack): Promise<Answers[Question['what']]> {
  switch (what) {
    case 'look':
      return lookInside(stack.pool);
    case 'heap':
      return readHeap();
    case 'circuit':
      return stack.watch?.take() ?? null;
  }
}

function tell(told: Told): void {
  process.send?.(told);
}
