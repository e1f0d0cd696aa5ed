import type { Application } from './app/application.js';
import { Load } from './load.js';
import { poolSize } from './names.js';

/** Opens the pool's connections and the process's code paths. @throws Error when a read fails though all is well. */
export async function warmUp(application: Application): Promise<void> {
  const load = new Load({ port: application.port, perSecond: 100 * poolSize, method: 'GET', path: '/read' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const samples = await load.stop();
  // The server's side of the load's connections is closed a moment later, and a death is heard of.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const failed = samples.find(({ status }) => status !== '200');
  if (failed === undefined) return;
  const reason = application.death?.said ?? failed.said ?? '';
  throw new Error(`A read was answered ${failed.status} before any fault. ${reason}`);
}
