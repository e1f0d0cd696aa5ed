import { expect } from 'chai';
import fc from 'fast-check';
import { fingerprint } from '../../../lib/core/sql/fingerprint.js';
import { pieceOfSecret, statementWithSecrets } from './planted-secrets.js';

const seed = Number(process.env.REDACTION_SEED ?? 20_260_101);
const statements = 100_000;

describe('redaction', function () {
  // 10 s where nothing else runs.
  this.timeout(60_000);

  it(`leaves nothing of a secret in ${String(statements)} awkward statements (seed ${String(seed)})`, () => {
    let planted = 0;
    fc.assert(
      fc.property(statementWithSecrets, (statement) => {
        if (pieceOfSecret.test(statement)) planted += 1;
        return !pieceOfSecret.test(fingerprint(statement).text);
      }),
      { numRuns: statements, seed },
    );
    expect(planted).to.be.above(0.8 * statements);
  });
});
