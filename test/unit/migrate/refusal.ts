import { expect } from 'chai';
import { MigrationRefusedError } from '../../../lib/errors/migration-errors.js';

/** What `work` is refused with. */
export async function refusalOf(work: Promise<unknown>): Promise<MigrationRefusedError> {
  const outcome = await work.then(
    (value: unknown) => ({ value }),
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(MigrationRefusedError);
  return outcome as MigrationRefusedError;
}
