import { expect } from 'chai';
import { resolvePoolOptions, tlsWarning } from '../../../lib/pool/options/index.js';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';

const production = { NODE_ENV: 'production' };

function warning(options: ResilientPoolOptions, env: NodeJS.ProcessEnv = production): string | undefined {
  return tlsWarning(resolvePoolOptions(options, env), env);
}

describe('tlsWarning', () => {
  const warned: [ResilientPoolOptions, NodeJS.ProcessEnv?][] = [
    [{ host: 'db.example.com' }],
    [{ host: '10.0.0.5' }],
    [{ host: '126.255.255.255' }],
    [{ host: '128.0.0.1' }],
    [{ host: '2001:db8::1' }],
    [{ host: 'localhost.example.com' }],
    [{ host: 'db', ssl: false }],
    [
      { host: 'db', ssl: false },
      { ...production, PGSSLMODE: 'require' },
    ],
    [{ connectionString: 'postgres://app:hunter2-secret@db/shop?sslmode=disable' }],
    [{}, { ...production, DATABASE_URL: 'postgres://app:hunter2-secret@db/shop' }],
    [{}, { ...production, PGHOST: 'db' }],
    [{}, { ...production, PGHOST: 'db', PGSSLMODE: 'disable' }],
  ];
  for (const [options, env] of warned) {
    it(`speaks for ${JSON.stringify({ ...options, ...env })}`, () => {
      const text = warning({ name: 'billing', ...options }, env);
      expect(text)
        .to.include('"billing"')
        .and.to.include('without TLS')
        .and.to.include('ssl: true')
        .and.to.include('verify-full');
      expect(text).not.to.include('hunter2-secret');
    });
  }

  const silent: [ResilientPoolOptions, NodeJS.ProcessEnv?][] = [
    [{ host: 'db' }, {}],
    [{ host: 'db' }, { NODE_ENV: 'development' }],
    [{ host: 'db', ssl: true }],
    [{ host: 'db', ssl: { rejectUnauthorized: false } }],
    [{ host: 'db' }, { ...production, PGSSLMODE: 'verify-full' }],
    [{ connectionString: 'postgres://db/shop?sslmode=verify-full' }],
    [{}],
    [{ host: 'localhost' }],
    [{ host: '127.0.0.1' }],
    [{ host: '127.200.2.3' }],
    [{ host: '::1' }],
    [{ host: '/var/run/postgresql' }],
    [{ connectionString: 'postgres://[::1]/shop' }],
    [{}, { ...production, PGHOST: '/var/run/postgresql' }],
    [{}, { ...production, PGHOST: '' }],
  ];
  for (const [options, env] of silent) {
    it(`is silent for ${JSON.stringify({ ...options, ...env })}`, () => {
      expect(warning(options, env)).to.equal(undefined);
    });
  }
});
