import { expect } from 'chai';
import { Statements } from '../../../lib/core/sql/statements.js';
import { QueryGroup } from '../../../lib/monitor/query-group.js';
import { QueryQueue } from '../../../lib/monitor/query-queue.js';

describe('a queue of groups of statements', () => {
  const statements = new Statements();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new QueryGroup(statements.of(`select ${name}`))) as [
    QueryGroup,
    QueryGroup,
    QueryGroup,
  ];

  it('gives them back in the order in which they came', () => {
    const queue = new QueryQueue();
    queue.add(a);
    queue.add(b);
    expect(queue.takeOldest()).to.equal(a);
    queue.add(c);
    queue.add(a);
    expect([queue.size, queue.get(a.id), queue.get(b.id)]).to.deep.equal([3, a, b]);
    expect([queue.takeOldest(), queue.takeOldest(), queue.takeOldest()]).to.deep.equal([b, c, a]);
    expect([queue.size, queue.get(a.id)]).to.deep.equal([0, undefined]);
  });

  it('goes on after it was empty', () => {
    const queue = new QueryQueue();
    expect(queue.takeOldest()).to.equal(undefined);
    queue.add(a);
    expect(queue.takeOldest()).to.equal(a);
  });
});
