import { expect } from 'chai';
import fc from 'fast-check';
import { queryParameters } from '../../../../lib/express/query-parameters.js';
import { routes } from '../../../../lib/express/routes.js';
import { expectDocumented } from './conformity.js';
import { serve } from './service.js';
import type { Service } from './service.js';
import { fakeSource } from './source.js';

describe('the parameters of /metrics/queries', () => {
  let service: Service;
  before(async () => {
    service = await serve(routes(fakeSource()));
  });
  after(() => service.close());

  const limit = 'one whole number from 1 to 1000';
  const sort = 'one of total, mean, calls, max, errors';
  const known = 'only the parameters limit and sort';
  const cases: [query: string, parameter: string, received: string, accepted: string][] = [
    ['limit=0', 'limit', '"0"', limit],
    ['limit=1001', 'limit', '"1001"', limit],
    ['limit=-1', 'limit', '"-1"', limit],
    ['limit=1e3', 'limit', '"1e3"', limit],
    ['limit=1.5', 'limit', '"1.5"', limit],
    ['limit=0x10', 'limit', '"0x10"', limit],
    ['limit=+1', 'limit', '" 1"', limit],
    ['limit=', 'limit', '""', limit],
    ['limit', 'limit', '""', limit],
    ['limit=%00', 'limit', '"\\u0000"', limit],
    ['limit=%ff', 'limit', '"\ufffd"', limit],
    ['limit=1&limit=2', 'limit', '2 values', limit],
    ['limit=1&limit=1', 'limit', '2 values', limit],
    ['limit[]=1', 'limit[]', '"1"', known],
    ['limit=1?limit=2', 'limit', '"1?limit=2"', limit],
    ['Limit=1', 'Limit', '"1"', known],
    ['sort=', 'sort', '""', sort],
    ['sort=Total', 'sort', '"Total"', sort],
    ['sort=constructor', 'sort', '"constructor"', sort],
    ['sort=mean&sort=max', 'sort', '2 values', sort],
    ['order=mean', 'order', '"mean"', known],
    ['__proto__=1', '__proto__', '"1"', known],
    ['constructor=1', 'constructor', '"1"', known],
    ['limit=postgres://user:pw@host/db', 'limit', '[redacted]', limit],
    ['password=x', '[redacted]', '"x"', known],
  ];
  for (const [query, parameter, received, accepted] of cases) {
    it(`are refused: ${query}`, async () => {
      const answer = await service.get(`/api/metrics/queries?${query}`);
      expectDocumented('/metrics/queries', answer);
      expect(answer.status).to.equal(400);
      expect(answer.body).to.deep.include({ code: 'BAD_PARAMETER', errors: [{ parameter, received, accepted }] });
      expect(answer.body.detail).to.equal(`${parameter}: received ${received}; accepted: ${accepted}.`);
    });
  }

  it('are repeated in short, however long and however many they are', async () => {
    const long = await service.get(`/api/metrics/queries?${'a'.repeat(5000)}=${'b'.repeat(5000)}`);
    expect(long.status).to.equal(400);
    expect(long.text.length).to.be.below(1000);
    const many = await service.get(
      `/api/metrics/queries?${Array.from({ length: 2000 }, (_, n) => `p${String(n)}`).join('&')}`,
    );
    expect(many.status).to.equal(400);
    expect(many.body.errors).to.have.length(10);
  });

  it('tell of each that is wrong', async () => {
    const { body } = await service.get('/api/metrics/queries?limit=0&sort=x');
    expect(body.errors).to.deep.equal([
      { parameter: 'limit', received: '"0"', accepted: limit },
      { parameter: 'sort', received: '"x"', accepted: sort },
    ]);
  });

  it('are taken only as they are accepted, whatever is asked', () => {
    const part = fc.constantFrom(
      'limit',
      'sort',
      '=',
      '&',
      '?',
      '1',
      '0',
      'total',
      'max',
      '[',
      ']',
      '%',
      '%00',
      '+',
      'é',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const result = queryParameters(`/metrics/queries?${parts.join('')}`);
        if (Array.isArray(result)) return result.length > 0 && result.length <= 10;
        return (
          Number.isInteger(result.limit) &&
          result.limit >= 1 &&
          result.limit <= 1000 &&
          ['total', 'mean', 'calls', 'max', 'errors'].includes(result.sort)
        );
      }),
      { numRuns: 2000 },
    );
  });
});
