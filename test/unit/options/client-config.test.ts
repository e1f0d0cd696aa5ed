import { expect } from 'chai';
import pg from 'pg';
import { clientConfig, resolvePoolOptions } from '../../../lib/pool/options/index.js';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';
import { withoutPgVariables } from './without-pg-variables.js';

const both = { statement_timeout: 33_000, idle_in_transaction_session_timeout: 33_000 };

describe('clientConfig', () => {
  withoutPgVariables();

  it('carries the password, TLS material and pg: {}, anew each time', () => {
    const password = () => 'token';
    const ssl = { key: 'k', passphrase: 'p', ca: 'c' };
    const resolved = resolvePoolOptions({ host: 'db', password, ssl, pg: { futureOption: { deep: 1 } } }, {});
    const [first, second] = [clientConfig(resolved), clientConfig(resolved)];
    expect(first).to.deep.equal(second);
    expect(first).not.to.equal(second);
    expect(first.ssl).not.to.equal(second.ssl);
    expect({ ...first }).to.deep.include({ host: 'db', password, ssl, futureOption: { deep: 1 } });
  });

  it('keeps a TLS key that a pg.Pool has made not enumerable', () => {
    const ssl = Object.defineProperty({ ca: 'c' }, 'key', { value: 'k', enumerable: false });
    expect(clientConfig(resolvePoolOptions({ ssl }, {})).ssl).to.deep.equal({ ca: 'c', key: 'k' });
  });

  it('passes on what pg knows', () => {
    const given: ResilientPoolOptions = {
      host: 'db',
      port: 1,
      user: 'u',
      database: 'd',
      password: '',
      ssl: true,
      sslnegotiation: 'direct',
      application_name: 'a',
      fallback_application_name: 'f',
      client_encoding: 'utf8',
      options: '-c a=b',
      keepAlive: false,
      keepAliveInitialDelayMillis: 5,
      statement_timeout: 6,
      lock_timeout: 7,
      idle_in_transaction_session_timeout: false,
      types: pg.types,
      stream: () => undefined,
      binary: true,
      enableChannelBinding: true,
      scramMaxIterations: 0,
      replication: 'database',
    };
    expect(clientConfig(resolvePoolOptions(given, {}))).to.deep.equal(given);
  });

  it('names the application only where nothing else does', () => {
    const shown = (options: ResilientPoolOptions) => {
      const client = new pg.Client(clientConfig(resolvePoolOptions(options, {})));
      return (client as unknown as { getStartupConf(): { application_name?: string } }).getStartupConf()
        .application_name;
    };
    expect(shown({})).to.equal('express-db-resilience');
    expect(shown({ application_name: 'mine' })).to.equal('mine');
    expect(shown({ fallback_application_name: 'other' })).to.equal('other');
    expect(shown({ connectionString: 'postgres://db/shop?application_name=url' })).to.equal('url');
    process.env.PGAPPNAME = 'from-env';
    try {
      expect(shown({})).to.equal('from-env');
      expect(shown({ application_name: 'mine' })).to.equal('mine');
    } finally {
      delete process.env.PGAPPNAME;
    }
  });

  describe('the backstops', () => {
    const { idle_in_transaction_session_timeout: _, ...statementOnly } = both;
    const { statement_timeout: __, ...idleOnly } = both;
    const cases: [string, ResilientPoolOptions, object, NodeJS.ProcessEnv?][] = [
      ['stand above our own time-outs', {}, both],
      [
        'follow them',
        { queryTimeoutMs: 5, cancelGraceMs: 100 },
        { statement_timeout: 1105, idle_in_transaction_session_timeout: 1105 },
      ],
      [
        'stay within what the server takes',
        { queryTimeoutMs: 2 ** 31 - 1 },
        { statement_timeout: 2 ** 31 - 1, idle_in_transaction_session_timeout: 2 ** 31 - 1 },
      ],
      ['are absent without a time-out', { queryTimeoutMs: false }, {}],
      ['are absent where not wanted', { serverTimeouts: false }, {}],
      ['yield to statement_timeout', { statement_timeout: 5 }, idleOnly],
      ['yield to statement_timeout: false', { statement_timeout: false }, idleOnly],
      ['yield to idle_in_transaction_session_timeout', { idle_in_transaction_session_timeout: 0 }, statementOnly],
      ['yield to the connection string', { connectionString: 'postgres://db/shop?statement_timeout=5' }, idleOnly],
      [
        'yield to options in the connection string',
        { connectionString: 'postgres://db/shop?options=-c%20statement_timeout%3D5' },
        idleOnly,
      ],
      ['yield to -c', { options: '-c work_mem=5 -c statement_timeout=5s' }, idleOnly],
      ['yield to -c without a space', { options: '-cSTATEMENT_TIMEOUT = 5s' }, idleOnly],
      ['yield to --', { options: '--idle-in-transaction-session-timeout=5s' }, statementOnly],
      ['yield to PGOPTIONS', {}, idleOnly, { PGOPTIONS: '-c statement_timeout=5s' }],
      ['do not mistake a setting of an extension', { options: '-c my.statement_timeout=5' }, both],
      ['do not mistake another setting', { options: '-c lock_timeout=5' }, both],
    ];
    for (const [title, options, expected, env = {}] of cases) {
      it(title, () => {
        const resolved = resolvePoolOptions(options, env);
        expect(resolved.backstops).to.deep.equal(expected);
        expect(clientConfig(resolved)).to.include(expected);
      });
    }

    it('can be left out', () => {
      const resolved = resolvePoolOptions({}, {});
      expect(clientConfig(resolved, { backstops: false })).not.to.have.any.keys(Object.keys(both));
    });
  });
});
