import { expect } from 'chai';
import { settingLines } from '../../../lib/testing/settings.js';

describe('settingLines', () => {
  it('writes every value as a quoted string', () => {
    expect(settingLines({ work_mem: '4MB', max_connections: 7, fsync: false, jit: true })).to.equal(
      "work_mem = '4MB'\nmax_connections = '7'\nfsync = 'off'\njit = 'on'\n",
    );
  });

  it('escapes quotes and backslashes', () => {
    expect(settingLines({ log_line_prefix: "it's \\ %m" })).to.equal("log_line_prefix = 'it\\'s \\\\ %m'\n");
  });

  it('refuses names and values that would be more than one setting, without repeating the value', () => {
    expect(() => settingLines({ "x = 1\nfsync = 'off'": 1 })).to.throw('is not the name of a server setting');
    expect(() => settingLines({ work_mem: "4MB'\nsecret" })).to.throw(/^settings\.work_mem holds a line break/);
  });

  it('refuses the port, which has an option of its own', () => {
    expect(() => settingLines({ port: 5432 })).to.throw('use the option port');
    expect(() => settingLines({ data_directory: '/x' })).to.throw('settings.data_directory');
  });
});
