import { expect } from 'chai';
import { ConnectionLostError } from '../../../lib/errors/errors.js';
import { isSilence } from '../../../lib/migrate/silence.js';

const unreached = (cause?: object) =>
  new ConnectionLostError('The database could not be reached', {
    outcome: 'not-executed',
    ...(cause === undefined ? {} : { cause: Object.assign(new Error('x'), cause) }),
  });

describe('isSilence', () => {
  for (const [what, error] of Object.entries({
    'a time that ran out': unreached(),
    'a port that nobody listens at': unreached({ code: 'ECONNREFUSED', syscall: 'connect' }),
    'a host that is away': unreached({ code: 'EHOSTUNREACH', syscall: 'connect' }),
    'a connection that is reset': unreached({ code: 'ECONNRESET', syscall: 'read' }),
    'a connection that is closed': unreached({ message: 'Connection terminated unexpectedly' }),
  })) {
    it(`is ${what}`, () => {
      expect(isSilence(error)).to.equal(true);
    });
  }

  for (const [what, error] of Object.entries({
    'a server that has no connection left': Object.assign(new Error('x'), { severity: 'FATAL', code: '53300' }),
    'a name server that is away': unreached({ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
    'a password that is not to be had': unreached({ message: 'the vault is sealed' }),
    'a certificate that has expired meanwhile': unreached({ code: 'CERT_HAS_EXPIRED' }),
  })) {
    it(`is not ${what}`, () => {
      expect(isSilence(error)).to.equal(false);
    });
  }
});
