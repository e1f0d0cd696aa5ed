import { expect } from 'chai';
import type { Evidence, Finding, Identity } from '../../../lib/pool/commit/evidence.js';
import { verdictOf } from '../../../lib/pool/commit/verdict.js';

const server: Identity = {
  systemId: '7',
  timeline: '00000001',
  statsReset: '1700000000.5',
  backend: '42',
  checkpoint: '0/100',
};
const evidence: Evidence = { identity: server, xid: '1000' };
const found = (
  status: Finding['status'],
  change: Partial<Finding> = {},
  identity: Partial<Identity> = {},
): Finding => ({
  identity: { ...server, backend: '43', ...identity },
  status,
  checkpointEndsRecovery: 'no',
  nextXid: '900',
  isSynchronous: 'no',
  ...change,
});
const crashed = { statsReset: '1700000009.5', checkpoint: '0/200' };

describe('the verdict on a COMMIT without an answer', () => {
  for (const [name, finding, expected] of [
    ['committed, on the same server in the same life', found('committed'), 'committed'],
    ['aborted there', found('aborted'), 'rolled-back'],
    ['in progress', found('in progress'), 'wait'],
    ['in progress after a crash: another one has the id', found('in progress', {}, crashed), 'wait'],
    ['forgotten', found(null), { unknown: 'too-old' }],
    ['an id that was not given out, without a crash', found('future'), { unknown: 'crash' }],
    ['committed, while standbys are waited for', found('committed', { isSynchronous: 'yes' }), 'replicate'],
    ['a standby answers', found('committed', {}, { timeline: null }), 'wait'],
    ['another cluster answers', found('committed', {}, { systemId: '8' }), { unknown: 'failover' }],
    ['another timeline answers', found('aborted', {}, { timeline: '00000002' }), { unknown: 'failover' }],
    ['committed, and a crash since', found('committed', {}, crashed), { unknown: 'crash' }],
    ['forgotten, and a crash since', found(null, {}, crashed), { unknown: 'too-old' }],
    ['aborted, and a crash since', found('aborted', {}, crashed), 'rolled-back'],
    ['not given out again since a crash', found('future', {}, crashed), 'rolled-back'],
    [
      'committed, and beyond what recovery found: given out again',
      found('committed', { checkpointEndsRecovery: 'yes', nextXid: '1000' }, crashed),
      'rolled-back',
    ],
    [
      'committed, and within what recovery found, which may be the second one',
      found('committed', { checkpointEndsRecovery: 'yes', nextXid: '1001' }, crashed),
      { unknown: 'crash' },
    ],
    [
      'committed, and statistics that somebody has reset, soon after the server was started',
      found('committed', { checkpointEndsRecovery: 'yes', nextXid: '1000' }, { ...crashed, checkpoint: '0/100' }),
      'committed',
    ],
    [
      'committed, and beyond a checkpoint that ended no recovery',
      found('committed', { nextXid: '1000' }, crashed),
      { unknown: 'crash' },
    ],
    [
      'ids beyond what a number holds',
      found('committed', { checkpointEndsRecovery: 'yes', nextXid: '9007199254740993' }, crashed),
      { unknown: 'crash' },
    ],
  ] as const) {
    it(name, () => expect(verdictOf(evidence, finding)).to.deep.equal(expected));
  }

  it('compares ids beyond what a number holds', () => {
    const finding = found('committed', { checkpointEndsRecovery: 'yes', nextXid: '9007199254740993' }, crashed);
    expect(verdictOf({ ...evidence, xid: '9007199254740992' }, finding)).to.deep.equal({ unknown: 'crash' });
    expect(verdictOf({ ...evidence, xid: '9007199254740993' }, finding)).to.equal('rolled-back');
  });
});
