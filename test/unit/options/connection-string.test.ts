import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import pg from 'pg';
import { ConfigurationError } from '../../../lib/errors/errors.js';
import { clientConfig, resolvePoolOptions } from '../../../lib/pool/options/index.js';
import type { ResilientPoolOptions } from '../../../lib/pool/options/index.js';
import { withoutPgVariables } from './without-pg-variables.js';

const oldest = createRequire(import.meta.url)('pg-min') as typeof pg;

const parameters = [
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'options',
  'replication',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'sslnegotiation',
];

/** All that pg would use of a configuration. */
function seenBy(Client: typeof pg.Client, config: pg.ClientConfig): Record<string, unknown> {
  const { user, host, port, database, password, ssl, connectionParameters } = new Client(config) as pg.Client & {
    connectionParameters: Record<string, unknown>;
  };
  const seen: Record<string, unknown> = { user, host, port, database, password: password || null, ssl };
  for (const name of parameters) seen[name] = comparable(connectionParameters[name]);
  return seen;
}

/** pg turns numbers into strings, and takes an empty string for none. */
function comparable(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value || undefined;
}

function ours(options: ResilientPoolOptions): pg.ClientConfig {
  return clientConfig(resolvePoolOptions(options, {}), { backstops: false });
}

const name = 'express-db-resilience';

const fragment = fc.constantFrom(
  ...'ab1:@/?#%[]&=,+\\ é\t',
  ...[
    '%2F',
    '%40',
    '%zz',
    '%e9',
    'host=',
    'port=',
    'user=',
    'password=',
    'sslmode=require',
    'ssl=1',
    '@/',
    '127.0.0.1',
  ],
);

describe('a connection string', () => {
  withoutPgVariables();

  for (const connectionString of [
    'postgres://db',
    'postgres:///shop',
    'postgresql://app@db/shop',
    'POSTGRES://app:pw@DB:6432/Shop',
    'postgres://app:pw@db:6432/shop',
    'postgres://app:p%40%3A%2F%3F%23%25w@db/shop',
    'postgres://app:p w@db/shop',
    'postgres://app:100%@db/shop',
    'postgres://app:p%20w x@db/shop',
    'postgres://%2Ftmp/shop?host=db',
    'postgres://app:pw@/shop',
    'postgres://app:pw@[::1]:6432/shop',
    'postgres://%2Fvar%2Frun%2Fpostgresql/shop',
    'postgres://app:pw@%2Fvar%2Frun%2Fpostgresql/shop',
    'postgres://db/shop%20two',
    'postgres://db/a%2Fb',
    'postgres:///shop?host=/var/run/postgresql&user=app&password=pw&port=6432',
    'postgres://a:b@c:1/d?host=h&user=u&password=p&port=2',
    'postgres://db/shop?application_name=x&client_encoding=utf8&options=-c%20search_path%3Dapp&replication=database',
    'postgres://db/shop?statement_timeout=1&lock_timeout=2&idle_in_transaction_session_timeout=3',
    'postgres://db/shop?application_name=a&application_name=b',
    'postgres://db/shop?application_name=&sslmode=',
    'postgres://db/shop?fallback_application_name=other',
    'postgres://db/shop?sslnegotiation=direct',
    'postgres://db/shop?pgbouncer=true&schema=public&connect_timeout=5',
    'postgres://db/shop?sslmode=disable',
    'postgres://db/shop?sslmode=allow',
    'postgres://db/shop?sslmode=prefer',
    'postgres://db/shop?sslmode=require',
    'postgres://db/shop?sslmode=verify-full',
    'postgres://db/shop?sslmode=no-verify',
    'postgres://db/shop?sslmode=require&uselibpqcompat=true',
    'postgres://db/shop?uselibpqcompat=true',
    'postgres://db/shop?ssl=true',
    'postgres://db/shop?ssl=1',
    'postgres://db/shop?ssl=0',
    'postgres://db/shop?ssl=no-verify',
    'postgres://db/shop?sslnegotiation=postgres',
    'postgres://db/shop?sslmode=verify-full&sslnegotiation=direct',
    'socket:/var/run/postgresql?db=shop&encoding=utf8',
    'socket://app:pw@/var/run/postgresql/?db=shop',
    '/var/run/postgresql shop',
    '/var/run/postgresql',
    'pg://app:pw@db/shop',
  ]) {
    it(`means what pg takes it for: ${connectionString}`, () => {
      for (const { Client } of [pg, oldest]) {
        const theirs = seenBy(Client, { connectionString, fallback_application_name: name });
        expect(seenBy(Client, ours({ connectionString }))).to.deep.equal(theirs);
      }
    });
  }

  it('means what pg takes it for, whatever its parts', () => {
    const word = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(
        word,
        word,
        word,
        fc.domain(),
        fc.integer({ min: 1, max: 65_535 }),
        word,
        (user, pw, db, host, port, app) => {
          const escaped = [user, pw].map(encodeURIComponent).join(':');
          const connectionString =
            `postgres://${escaped}@${host}:${String(port)}/${encodeURIComponent(db)}` +
            `?application_name=${encodeURIComponent(app)}`;
          const theirs = seenBy(pg.Client, { connectionString, fallback_application_name: name });
          expect(seenBy(pg.Client, ours({ connectionString }))).to.deep.equal(theirs);
        },
      ),
    );
  });

  it('is understood or refused with our own error, however it is garbled', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: fragment, maxLength: 30 })),
        (text) => {
          const connectionString = `postgres://${text}`;
          let config: pg.ClientConfig;
          try {
            config = ours({ connectionString });
          } catch (error) {
            expect(error).to.be.instanceOf(ConfigurationError);
            return;
          }
          const theirs = seenBy(pg.Client, { connectionString, fallback_application_name: name });
          expect(seenBy(pg.Client, config)).to.deep.equal(theirs);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is completed by what stands beside it', () => {
    const token = async () => 'token';
    const config = ours({
      connectionString: 'postgres:///',
      host: 'db',
      port: 1,
      user: 'u',
      database: 'd',
      password: token,
    });
    expect(config).to.include({ host: 'db', port: 1, user: 'u', database: 'd' });
    expect(config.password).to.equal(token);
  });

  it('may agree with what stands beside it', () => {
    const connectionString =
      'postgres://app:pw@DB:6432/shop?application_name=x&statement_timeout=5&lock_timeout=0&query_timeout=9';
    const beside: ResilientPoolOptions = { host: 'db', port: 6432, user: 'app', database: 'shop' };
    const timeouts: ResilientPoolOptions = { statement_timeout: 5, lock_timeout: false, queryTimeoutMs: 9 };
    expect(ours({ connectionString, ...beside, ...timeouts, application_name: 'x' })).to.include({ host: 'db' });
    for (const [mode, ssl] of [
      ['disable', false],
      ['verify-full', true],
      ['no-verify', { rejectUnauthorized: false }],
    ] as const) {
      expect(ours({ connectionString: `postgres://db/shop?sslmode=${mode}`, ssl }).ssl).to.deep.equal(ssl);
    }
  });

  it('does not speak of TLS where it only says how TLS would begin', () => {
    for (const query of ['sslnegotiation=postgres', 'uselibpqcompat=true']) {
      expect(ours({ connectionString: `postgres://db/shop?${query}`, ssl: { ca: 'mine' } }).ssl).to.deep.equal({
        ca: 'mine',
      });
    }
  });

  it('may say the most that is accepted', () => {
    const most = 2 ** 31 - 1;
    const config = ours({ connectionString: `postgres://db:65535/shop?statement_timeout=${String(most)}` });
    expect(config).to.include({ port: 65_535, statement_timeout: most });
  });

  it('loses its password to the one in the code', () => {
    expect(ours({ connectionString: 'postgres://app:old@db/shop', password: 'new' }).password).to.equal('new');
  });

  it("never starts pg's own statement timer, which leaves the statement running", () => {
    const resolved = resolvePoolOptions({ connectionString: 'postgres://db/shop?query_timeout=900' }, {});
    expect(resolved.queryTimeoutMs).to.equal(900);
    expect(clientConfig(resolved)).not.to.have.any.keys('query_timeout', 'connectionString', 'connectionTimeoutMillis');
    expect(resolvePoolOptions({ connectionString: 'postgres://db/shop?query_timeout=0' }, {}).queryTimeoutMs).to.equal(
      false,
    );
  });

  it('has its TLS files read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'options-'));
    try {
      const files = { sslcert: 'cert', sslkey: 'key', sslrootcert: 'ca' };
      const query = Object.entries(files).map(([parameter, content]) => {
        writeFileSync(join(folder, content), content);
        return `${parameter}=${join(folder, content)}`;
      });
      const { ssl } = ours({ connectionString: `postgres://db/shop?${query.join('&')}` });
      expect(ssl).to.include({ cert: 'cert', ca: 'ca' }).and.to.have.property('key', 'key');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has its certificate read anew for every connection', () => {
    const folder = mkdtempSync(join(tmpdir(), 'options-'));
    try {
      const file = join(folder, 'ca.pem');
      writeFileSync(file, 'old');
      const resolved = resolvePoolOptions({ connectionString: `postgres://db/shop?sslrootcert=${file}` }, {});
      expect(clientConfig(resolved).ssl).to.deep.include({ ca: 'old' });
      writeFileSync(file, 'new');
      expect(clientConfig(resolved).ssl).to.deep.include({ ca: 'new' });
      rmSync(file);
      expect(() => clientConfig(resolved)).to.throw(ConfigurationError, 'ENOENT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
