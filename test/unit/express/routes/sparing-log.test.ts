import { expect } from 'chai';
import { silentLogger } from '../../../../lib/core/logger.js';
import { SparingLog } from '../../../../lib/express/sparing-log.js';
import { FakeClock } from '../../../../lib/testing/index.js';

describe('SparingLog', () => {
  it('tells each thing once a minute', () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = new SparingLog({ ...silentLogger, warn: (_fields, message) => void lines.push(message) }, clock);
    for (let seconds = 0; seconds < 120; seconds++) {
      log.warn('one');
      log.warn('other');
      clock.advance(1000);
    }
    expect(lines).to.deep.equal(['one', 'other', 'one', 'other']);
  });

  it('bears a logger that throws', () => {
    const warn = () => {
      throw new Error('disk full');
    };
    new SparingLog({ ...silentLogger, warn }).warn('one');
  });
});
