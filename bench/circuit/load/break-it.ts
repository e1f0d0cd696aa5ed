import type { Rig } from '../../faults/rig.js';
import type { FaultName } from '../names.js';

/** Begins a fault. @returns what ends it */
export const breakIt: Readonly<Record<FaultName, (rig: Rig) => Promise<() => Promise<unknown>>>> = {
  killed: async ({ server }) => {
    await server.kill();
    return () => server.start();
  },
  restart: async ({ server }) => {
    await server.shutdown();
    return () => server.start();
  },
  refuse: async ({ proxy }) => {
    await proxy.refuse();
    proxy.reset();
    return () => proxy.pass();
  },
  'black-hole': async ({ proxy }) => {
    proxy.blackHole();
    return () => proxy.pass();
  },
  frozen: async ({ server }) => {
    await server.freeze();
    return () => server.resume();
  },
};
