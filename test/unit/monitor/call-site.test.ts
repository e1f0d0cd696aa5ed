import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { callSite, frames } from '../../../lib/monitor/call-site.js';

const here = fileURLToPath(import.meta.url);
const root = here.slice(0, here.lastIndexOf('/dist/test/'));

const stackOf = (...places: string[]) => ['Error', ...places.map((place) => `    at ${place}`)].join('\n');

describe('callSite', () => {
  it('is where a real stack was taken, as a path', () => {
    const trace: { stack?: string } = {};
    Error.captureStackTrace(trace);
    expect(callSite(trace)).to.match(/^\/.*\/dist\/test\/unit\/monitor\/call-site\.test\.js:\d+:\d+$/);
    expect(callSite(trace)?.startsWith(`${here}:`)).to.equal(true);
  });

  it('is in the application, below this package, pg, express and Node', () => {
    const stack = stackOf(
      `asked (file://${root}/dist/lib/monitor/repeated-statements.js:60:7)`,
      `ResilientPool.query (file://${root}/lib/pool/resilient-pool.ts:10:2)`,
      '/app/node_modules/pg-pool/index.js:45:11',
      'Client.query (/app/node_modules/pg/lib/client.js:1:1)',
      'new Promise (<anonymous>)',
      'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      'async file:///app/routes/my%20users.js:12:34',
      'Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)',
      'next (/app/node_modules/router/index.js:2:3)',
    );
    expect(callSite({ stack })).to.equal('/app/routes/my users.js:12:34');
    expect(frames({ stack })).to.deep.equal(['at async file:///app/routes/my%20users.js:12:34']);
  });

  it('is in the application, below a query builder, whose frames are shown', () => {
    const stack = stackOf(
      'Client_PG._query (/app/node_modules/knex/lib/client.js:1:2)',
      'Object.list [as handler] (/app/users.js:3:4)',
      'async Promise.all (index 0)',
    );
    expect(callSite({ stack })).to.equal('/app/users.js:3:4');
    expect(frames({ stack })).to.deep.equal([
      'at Client_PG._query (/app/node_modules/knex/lib/client.js:1:2)',
      'at Object.list [as handler] (/app/users.js:3:4)',
    ]);
  });

  it('is the first frame in a module where there is nothing else, if need be in pg', () => {
    const store = 'PGStore._rawQuery (/app/node_modules/connect-pg-simple/index.js:5:6)';
    const pg = 'Pool.connect (/app/node_modules/pg-pool/index.js:1:2)';
    expect(callSite({ stack: stackOf(pg, store) })).to.equal('/app/node_modules/connect-pg-simple/index.js:5:6');
    expect(frames({ stack: stackOf(pg, store) })).to.deep.equal([`at ${store}`]);
    expect(callSite({ stack: stackOf(pg) })).to.equal('/app/node_modules/pg-pool/index.js:1:2');
  });

  it('takes the package’s tests and examples, and others who have a folder lib, for applications', () => {
    for (const file of [
      `${root}/dist/examples/exploits-api/server.js`,
      `${root}/dist/test/a.js`,
      '/app/lib/a.js',
      '/lib/b.js',
    ]) {
      expect(callSite({ stack: stackOf(`f (file://${file}:1:2)`) })).to.equal(`${file}:1:2`);
    }
  });

  it('reads paths of Windows, of webpack, and with spaces and parentheses', () => {
    const places = {
      'f (C:\\app\\my users.js:1:2)': 'C:\\app\\my users.js:1:2',
      'webpack-internal:///./src/a.js:1:2': 'webpack-internal:///./src/a.js:1:2',
      'f (/app/copy (2)/a.js:1:2)': '/app/copy (2)/a.js:1:2',
      '/app/copy (2)/a.js:1:2': '/app/copy (2)/a.js:1:2',
      '/users (/app/a.js:1:2)': '/app/a.js:1:2',
      'f (file:///app/a.js?version=3:1:2)': '/app/a.js:1:2',
      'f (file://else.where/a.js:1:2)': 'file://else.where/a.js:1:2',
    };
    for (const [place, site] of Object.entries(places)) expect(callSite({ stack: stackOf(place) })).to.equal(site);
  });

  it('is unknown where the stack has no frame of a file', () => {
    const stacks = [
      undefined,
      '',
      'Error',
      'Error: select 1\nfrom secrets',
      'at f (/app/a.js:1:2)',
      stackOf(
        'node:internal/timers:1:2',
        'new Promise (<anonymous>)',
        'eval (eval at f (/app/a.js:1:2), <anonymous>:3:4)',
      ),
      stackOf('data:text/javascript,const secret = 1:1:2', 'f (https://user:secret@host/a.js:1:2)', 'REPL1:1:1'),
      stackOf(`f (file://${root}/dist/lib/pool/view.js:1:2)`),
    ];
    for (const stack of stacks) {
      const trace = stack === undefined ? {} : { stack };
      expect(callSite(trace), stack).to.equal(undefined);
      expect(frames(trace), stack).to.deep.equal([]);
    }
  });

  it('is unknown where an application’s prepareStackTrace throws, or returns something else', () => {
    const throwing = {
      get stack(): string {
        throw new Error('of prepareStackTrace');
      },
    };
    for (const trace of [throwing, { stack: [{}] as unknown as string }]) {
      expect(callSite(trace)).to.equal(undefined);
      expect(frames(trace)).to.deep.equal([]);
    }
  });

  it('takes no time for a line of any length', () => {
    const stack = `${stackOf('f (/app/a.js:1:2)')}\n    at ${'x (/'.repeat(100_000)}`;
    const begun = performance.now();
    expect(callSite({ stack })).to.equal('/app/a.js:1:2');
    expect(performance.now() - begun).to.be.below(500);
  });
});

describe('frames', () => {
  it('are ten at the most, in order', () => {
    const places = Array.from({ length: 30 }, (_, i) => `f${String(i)} (/app/a.js:${String(i + 1)}:1)`);
    expect(frames({ stack: stackOf(...places) })).to.deep.equal(places.slice(0, 10).map((place) => `at ${place}`));
  });

  it('leave out the first line, whatever it looks like', () => {
    const stack = '    at secret (/tmp/secret.js:1:2)\n    at f (/app/a.js:1:2)';
    expect(frames({ stack })).to.deep.equal(['at f (/app/a.js:1:2)']);
  });

  it('have nothing of the message, however it is written', () => {
    const error = new Error("select 'secret'\n    at secret (/tmp/secret.js:1:2)\nfrom t where a = 'secret'");
    expect(error.stack).to.contain('secret.js');
    expect(frames(error)).to.have.length.above(0);
    expect(frames(error).join('\n')).not.to.contain('secret');
    expect(callSite(error)?.startsWith(here)).to.equal(true);
  });
});
