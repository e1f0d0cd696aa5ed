import type pg from 'pg';

/** The process that serves this client; pg has it, its types do not. */
export function backendOf(client: pg.ClientBase): number {
  return (client as pg.ClientBase & { processID: number }).processID;
}
