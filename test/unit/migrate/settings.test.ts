import { expect } from 'chai';
import { silentLogger } from '../../../lib/core/logger.js';
import { ConfigurationError } from '../../../lib/errors/errors.js';
import type { MigrationOptions } from '../../../lib/migrate/options.js';
import { resolveMigrationSettings } from '../../../lib/migrate/settings.js';

describe('resolveMigrationSettings', () => {
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.MIGRATION_URL;
    delete process.env.MIGRATION_URL;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.MIGRATION_URL;
    else process.env.MIGRATION_URL = before;
  });

  const refusal = (options: unknown, group?: string): ConfigurationError => {
    try {
      resolveMigrationSettings(options as MigrationOptions, group);
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigurationError);
      return error as ConfigurationError;
    }
    throw new Error('Expected a refusal');
  };

  it('needs the folder alone, and has the documented defaults', () => {
    const { onProgress, ...settings } = resolveMigrationSettings({ directory: 'migrations' });
    expect(settings).to.deep.equal({
      directory: 'migrations',
      migrationUrl: undefined,
      acceptPooler: false,
      table: { schema: 'public', name: 'db_resilience_migrations' },
      lockTimeoutMs: 500,
      lockRetryMs: 120_000,
      statementTimeoutMs: 900_000,
      waitMs: 60_000,
      outOfOrder: false,
      logger: silentLogger,
    });
    expect(onProgress({ kind: 'unlocked' })).to.equal(undefined);
  });

  it('takes what is given', () => {
    const given = {
      directory: 'd',
      acceptPooler: true,
      lockTimeoutMs: 1,
      lockRetryMs: 0,
      statementTimeoutMs: 0,
      waitMs: 0,
      outOfOrder: true,
      logger: { ...silentLogger },
      onProgress: () => undefined,
    };
    expect(resolveMigrationSettings({ ...given, table: 'a.b', migrationUrl: 'postgres://h/d' })).to.deep.equal({
      ...given,
      table: { schema: 'a', name: 'b' },
      migrationUrl: 'postgres://h/d',
    });
  });

  it('takes an option that is undefined for one that is not given', () => {
    const options = { directory: 'd', waitMs: undefined, table: undefined, logger: undefined, migrationUrl: undefined };
    expect(resolveMigrationSettings(options)).to.include({ waitMs: 60_000, logger: silentLogger });
  });

  it('takes the URL from MIGRATION_URL where none is given and that is not blank', () => {
    process.env.MIGRATION_URL = ' postgres://env/d\n';
    expect(resolveMigrationSettings({ directory: 'd' }).migrationUrl).to.equal('postgres://env/d');
    const given = resolveMigrationSettings({ directory: 'd', migrationUrl: 'postgres://given/d' });
    expect(given.migrationUrl).to.equal('postgres://given/d');
    process.env.MIGRATION_URL = '  ';
    expect(resolveMigrationSettings({ directory: 'd' }).migrationUrl).to.equal(undefined);
  });

  it('says where a URL that is none comes from, and not what it is', () => {
    const secret = 'hunter2';
    const given = { directory: 'd', migrationUrl: secret };
    process.env.MIGRATION_URL = secret;
    const found = [
      refusal(given),
      refusal(given, 'schema'),
      refusal({ directory: 'd' }),
      refusal({ directory: 'd' }, 'schema'),
    ];
    expect(found.map(({ option }) => option)).to.deep.equal([
      'migrationUrl',
      'schema.migrationUrl',
      'MIGRATION_URL',
      'MIGRATION_URL',
    ]);
    for (const { message } of found) expect(message).to.include('[redacted]').and.not.include(secret);
    const wrongKind = refusal({ directory: 'd', migrationUrl: '' });
    expect(wrongKind).to.include({ option: 'migrationUrl' });
    expect(wrongKind.message).to.include('[redacted]');
  });

  const edges: [option: keyof MigrationOptions, least: number, most: number][] = [
    ['lockTimeoutMs', 1, 60_000],
    ['lockRetryMs', 0, 86_400_000],
    ['statementTimeoutMs', 0, 86_400_000],
    ['waitMs', 0, 86_400_000],
  ];
  for (const [option, least, most] of edges) {
    it(`takes ${option} from ${String(least)} to ${String(most)}, and nothing else`, () => {
      for (const value of [least, most]) {
        expect(resolveMigrationSettings({ directory: 'd', [option]: value })).to.have.property(option, value);
      }
      for (const value of [least - 1, most + 1, least + 0.5, NaN, String(least), null]) {
        const { option: named, message } = refusal({ directory: 'd', [option]: value });
        expect(named).to.equal(option);
        expect(message).to.include(`from ${String(least)} to ${String(most)}`);
      }
    });
  }

  const nonsense: Record<string, [options: unknown, option: string, message: RegExp]> = {
    'no options': [undefined, 'options', /expected an object/],
    'no folder': [{}, 'directory', /^Option "directory" is missing; expected the folder/],
    'a folder that is undefined': [{ directory: undefined }, 'directory', /is missing/],
    'a folder without a name': [{ directory: '' }, 'directory', /not empty/],
    'a folder that is no name': [{ directory: 3 }, 'directory', /received 3/],
    'a word that is misspelt': [{ directory: 'd', lockTimeoutMS: 1 }, 'lockTimeoutMS', /lockTimeoutMs/],
    'a table of three parts': [{ directory: 'd', table: 'a.b.c' }, 'table', /schema\.name/],
    'a switch that is a word': [{ directory: 'd', outOfOrder: 'yes' }, 'outOfOrder', /true or false/],
    'a pooler that is 1': [{ directory: 'd', acceptPooler: 1 }, 'acceptPooler', /true or false/],
    'half a log': [{ directory: 'd', logger: { info: () => undefined } }, 'logger', /debug, info, warn, error/],
    'progress that is no function': [{ directory: 'd', onProgress: {} }, 'onProgress', /a function/],
  };
  for (const [name, [options, option, message]] of Object.entries(nonsense)) {
    it(`refuses ${name}`, () => {
      const error = refusal(options);
      expect(error.option).to.equal(option);
      expect(error.message).to.match(message);
    });
  }

  it('names the group that it is an option of', () => {
    expect(refusal({}, 'schema')).to.include({ option: 'schema.directory' });
    expect(refusal({ directory: 'd', waitMs: -1 }, 'schema').option).to.equal('schema.waitMs');
  });
});
