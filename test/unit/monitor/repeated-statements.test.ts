import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { Scope } from '../../../lib/core/scope/scope.js';
import { Statements } from '../../../lib/core/sql/statements.js';
import { RepeatedStatements } from '../../../lib/monitor/repeated-statements.js';
import type { RequestScope } from '../../../lib/monitor/repeated-statements.js';
import { FakeClock } from '../../../lib/testing/index.js';

interface Line {
  readonly pool: string;
  readonly statement: string;
  readonly fingerprint: string;
  readonly count: number;
  readonly called_at: string | undefined;
  readonly request_id: string | undefined;
  readonly requests: number;
}

class OfRequest extends Scope {
  override get ofRequest(): boolean {
    return true;
  }
}

describe('RepeatedStatements', () => {
  let clock: FakeClock;
  let lines: Line[];
  let messages: string[];

  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    messages = [];
  });

  function repeatedWith(threshold: number | false = 20, warn?: () => void): RepeatedStatements {
    return new RepeatedStatements({
      threshold,
      name: 'primary',
      logger: {
        ...silentLogger,
        warn(fields, message) {
          warn?.();
          lines.push(fields as Line);
          messages.push(message);
        },
      },
      statements: new Statements(),
      clock,
    });
  }

  const request = (requestId = 'r-1'): RequestScope => ({ isInRequest: true, usage: {}, requestId });

  function ask(repeated: RepeatedStatements, times: number, scope: RequestScope, text = 'select $1 from orders'): void {
    for (let i = 0; i < times; i++) repeated.asked(text, scope);
  }

  it('tells of a statement that one request runs again and again, with its place, once', () => {
    const repeated = repeatedWith();
    const scope = request();
    ask(repeated, 19, scope, "select * from orders where name = 'secret' -- secret");
    expect(lines).to.deep.equal([]);
    ask(repeated, 100, scope, "select * from orders where name = 'another secret'");
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({
      pool: 'primary',
      statement: 'select * from orders where name = ?',
      count: 20,
      request_id: 'r-1',
      requests: 1,
    });
    expect(lines[0]?.fingerprint).to.match(/^[0-9a-f]{16}$/);
    expect(lines[0]?.called_at).to.match(/\/dist\/test\/unit\/monitor\/repeated-statements\.test\.js:\d+:\d+$/);
    expect(messages[0]).to.contain('20 times').and.to.contain('N+1');
    expect(JSON.stringify([lines, messages])).not.to.contain('secret');
  });

  it('counts within one request, not over several', () => {
    const repeated = repeatedWith();
    for (let i = 0; i < 10; i++) ask(repeated, 19, request());
    expect(lines).to.deep.equal([]);
  });

  it('counts the scopes within a request as that request', () => {
    const repeated = repeatedWith();
    const outer = new OfRequest(1000);
    ask(repeated, 10, outer);
    ask(repeated, 10, new Scope(500, outer));
    expect(lines).to.have.length(1);
    expect(lines[0]?.request_id).to.equal(undefined);
  });

  it('says nothing of a job, which may well run one statement a thousand times', () => {
    const repeated = repeatedWith();
    ask(repeated, 1000, new Scope(1000));
    expect(lines).to.deep.equal([]);
  });

  it('counts each statement for itself', () => {
    const repeated = repeatedWith();
    const scope = request();
    for (let i = 0; i < 19; i++) {
      for (const table of ['a', 'b', 'c']) ask(repeated, 1, scope, `select 1 from ${table}`);
    }
    expect(lines).to.deep.equal([]);
    ask(repeated, 1, scope, 'select 1 from a');
    ask(repeated, 1, scope, 'select 1 from b');
    expect(lines.map(({ statement }) => statement)).to.deep.equal(['select ? from a', 'select ? from b']);
  });

  it('leaves out what begins and ends transactions, and settings', () => {
    const repeated = repeatedWith();
    const scope = request();
    const texts = ['BEGIN', 'start transaction', 'COMMIT', 'end', 'ROLLBACK', 'abort', 'rollback to a', 'savepoint a'];
    texts.push(
      'release savepoint a',
      "SET local statement_timeout = '1s'",
      'reset all',
      'show search_path',
      'discard all',
    );
    for (const text of texts) ask(repeated, 30, scope, text);
    expect(lines).to.deep.equal([]);
    ask(repeated, 30, scope, 'call settle($1)');
    ask(repeated, 30, scope, 'call reset($1)');
    expect(lines).to.have.length(2);
  });

  it('finds the place behind many frames, and leaves the limit of stacks as it was', () => {
    const repeated = repeatedWith(1);
    const limit = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 0;
      const deep = (depth: number): void => (depth === 0 ? repeated.asked('select 1', request()) : deep(depth - 1));
      deep(3);
      expect(Error.stackTraceLimit).to.equal(0);
    } finally {
      Error.stackTraceLimit = limit;
    }
    expect(lines[0]?.called_at).to.contain('repeated-statements.test.js');
  });

  it('tells of one place once a minute, and of how many requests since', () => {
    const repeated = repeatedWith();
    const busyRoute = () => ask(repeated, 50, request());
    for (let i = 0; i < 5; i++) busyRoute();
    clock.advance(59_999);
    busyRoute();
    expect(lines.map(({ requests }) => requests)).to.deep.equal([1]);
    clock.advance(1);
    for (let i = 0; i < 3; i++) busyRoute();
    expect(lines.map(({ requests }) => requests)).to.deep.equal([1, 6]);
    clock.advance(60_000);
    busyRoute();
    expect(lines.map(({ requests }) => requests)).to.deep.equal([1, 6, 3]);
  });

  it('tells of another place, or another statement, at once', () => {
    const repeated = repeatedWith();
    const [one, other] = [request(), request()];
    for (let i = 0; i < 20; i++) repeated.asked('select 1', one);
    for (let i = 0; i < 20; i++) repeated.asked('select 1', other);
    ask(repeated, 20, request(), 'select 1 from a');
    ask(repeated, 20, request(), 'select 1 from b');
    expect(lines.map(({ statement }) => statement)).to.deep.equal([
      'select ?',
      'select ?',
      'select ? from a',
      'select ? from b',
    ]);
    expect(lines[0]?.called_at).not.to.equal(lines[1]?.called_at);
  });

  it('counts 200 statements of a request and no more', () => {
    const repeated = repeatedWith();
    const scope = request();
    for (let i = 0; i < 200; i++) ask(repeated, 1, scope, `select 1 from t${String(i)}`);
    ask(repeated, 50, scope, 'select 1 from one_too_many');
    expect(lines).to.deep.equal([]);
    ask(repeated, 19, scope, 'select 1 from t199');
    expect(lines).to.have.length(1);
  });

  it('remembers 200 places and no more, those of the last lines', () => {
    const repeated = repeatedWith(1);
    for (let i = 0; i <= 200; i++) ask(repeated, 1, request(), `select 1 from t${String(i)}`);
    expect(lines).to.have.length(201);
    ask(repeated, 1, request(), 'select 1 from t200');
    ask(repeated, 1, request(), 'select 1 from t1');
    expect(lines, 'still known').to.have.length(201);
    ask(repeated, 1, request(), 'select 1 from t0');
    expect(lines, 'forgotten').to.have.length(202);
    clock.advance(60_000);
    ask(repeated, 1, request(), 'select 1 from t100');
    for (let i = 0; i < 199; i++) ask(repeated, 1, request(), `select 1 from other${String(i)}`);
    expect(lines).to.have.length(402);
    ask(repeated, 1, request(), 'select 1 from t100');
    expect(lines, 'told of a moment ago').to.have.length(402);
  });

  it('shows no more than the beginning of a long statement', () => {
    const columns = Array.from({ length: 300 }, (_, i) => `column_${String(i)}`).join(', ');
    ask(repeatedWith(), 20, request(), `select ${columns} from t`);
    expect(lines[0]?.statement).to.have.length(500);
  });

  it('is off with a threshold of false', () => {
    ask(repeatedWith(false), 1000, request());
    expect(lines).to.deep.equal([]);
  });

  it('is harmed by no logger that throws', () => {
    const repeated = repeatedWith(20, () => {
      throw new Error('wrong');
    });
    expect(() => ask(repeated, 40, request())).not.to.throw();
  });

  it('keeps no request', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const repeated = repeatedWith();
    const usages = Array.from({ length: 50 }, () => {
      const scope = request();
      ask(repeated, 20, scope);
      return new WeakRef(scope.usage);
    });
    for (let i = 0; i < 20 && usages.some((usage) => usage.deref() !== undefined); i++) {
      await sleep(10);
      collect();
    }
    expect(usages.filter((usage) => usage.deref() !== undefined)).to.have.length(0);
    expect(lines).to.have.length(1);
  });
});
