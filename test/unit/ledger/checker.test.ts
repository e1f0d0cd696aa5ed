import { expect } from 'chai';
import { check, type Evidence, type Told } from '../../../bench/ledger/checker.js';
import { brokenRules } from '../../../bench/ledger/rules.js';

/** Ten transfers of 10 from account 1 to account 2, all told stored and all found. */
function truth(): Evidence & { told: Told[]; rows: { id: number; source: number; target: number; amount: number }[] } {
  const transfers = Array.from({ length: 10 }, (_, id) => ({ id, source: 1, target: 2, amount: 10 }));
  return {
    told: transfers.map((transfer) => ({
      ...transfer,
      begunAt: transfer.id * 100,
      attemptedAt: transfer.id * 100,
      answeredAt: transfer.id * 100 + 5,
      told: 'stored',
    })),
    rows: transfers.map((transfer) => ({ ...transfer })),
    balances: new Map([
      [1, 900],
      [2, 1100],
      [3, 1000],
    ]),
    openingBalance: 1000,
    accounts: 3,
    spans: [
      { fault: 'reset', from: 102, to: 110 },
      { fault: 'freeze', from: 202, to: 210 },
      { fault: 'kill', from: 302, to: 310 },
      { fault: 'reset', from: 303, to: 304 },
    ],
    timeoutMs: 1500,
    graceMs: 50,
  };
}

function tell(evidence: { told: Told[] }, id: number, change: Partial<Told>): void {
  evidence.told[id] = { ...(evidence.told[id] as Told), ...change };
}

/** Without its row, and without its effect on the balances. */
function undo(evidence: ReturnType<typeof truth>, id: number): Evidence {
  const { rows, balances } = evidence;
  const kept = rows.filter((row) => row.id !== id);
  return {
    ...evidence,
    rows: kept,
    balances: new Map([...balances, [1, 900 + 10 * (10 - kept.length)], [2, 1100 - 10 * (10 - kept.length)]]),
  };
}

const broken = (evidence: Evidence): string[] => [...brokenRules(check(evidence)).keys()];

describe('the checker of the ledger', () => {
  it('finds nothing where all was told as it is', () => {
    const evidence = truth();
    tell(evidence, 4, { told: 'failed', reason: '40P01' });
    const verdict = check(undo(evidence, 4));
    expect(broken(undo(evidence, 4))).to.deep.equal([]);
    expect(verdict).to.deep.equal({
      transfers: 10,
      stored: 9,
      failed: 1,
      missing: [],
      duplicated: [],
      failedButStored: [],
      strange: [],
      sumOff: 0,
      accountsOff: [],
      unknown: [],
      hung: [],
      late: [],
      latestMs: 5,
    });
  });

  it('finds one that was told stored and is missing', () => {
    const evidence = undo(truth(), 7);
    expect(check(evidence).missing).to.deep.equal([7]);
    expect(broken(evidence)).to.deep.equal(['none missing']);
  });

  it('finds one that was told failed and is stored', () => {
    const evidence = truth();
    tell(evidence, 3, { told: 'failed', reason: 'ECONNRESET' });
    expect(check(evidence).failedButStored).to.deep.equal([3]);
    expect(broken(evidence)).to.deep.equal(['failed is failed']);
  });

  it('finds one that is stored twice, though sum and balances agree', () => {
    const evidence = truth();
    evidence.rows.push({ id: 2, source: 1, target: 2, amount: 10 });
    const twice = {
      ...evidence,
      balances: new Map([
        [1, 890],
        [2, 1110],
        [3, 1000],
      ]),
    };
    expect(check(twice).duplicated).to.deep.equal([2]);
    expect(broken(twice)).to.deep.equal(['none twice']);
  });

  it('finds one that is stored twice where it was told unknown', () => {
    const evidence = truth();
    tell(evidence, 3, { told: 'unknown', reason: 'crash' });
    evidence.rows.push({ id: 3, source: 1, target: 2, amount: 10 });
    expect(check(evidence).duplicated).to.deep.equal([3]);
  });

  it('finds half a transfer: a row whose second update is missing', () => {
    const evidence = { ...truth(), balances: new Map([...truth().balances, [2, 1090]]) };
    expect(check(evidence)).to.include({ sumOff: -10 }).and.to.have.deep.property('accountsOff', [2]);
    expect(broken(evidence)).to.have.members(['sum', 'whole transfers']);
  });

  it('finds half a transfer: both updates without a row', () => {
    const evidence = { ...undo(truth(), 5), balances: truth().balances };
    expect(check(evidence).accountsOff).to.deep.equal([1, 2]);
    expect(broken(evidence)).to.have.members(['none missing', 'whole transfers']);
  });

  it('finds money in an account that nobody paid in, and one that has vanished', () => {
    const paid = { ...truth(), balances: new Map([...truth().balances, [3, 1001]]) };
    expect(check(paid)).to.include({ sumOff: 1 }).and.to.have.deep.property('accountsOff', [3]);
    const vanished = { ...truth(), balances: new Map([...truth().balances].slice(0, 2)) };
    expect(check(vanished)).to.include({ sumOff: -1000 }).and.to.have.deep.property('accountsOff', [3]);
    const added = { ...truth(), balances: new Map([...truth().balances, [4, 0]]) };
    expect(check(added).accountsOff).to.deep.equal([4]);
  });

  it('finds a row that nobody asked for, and one with another amount', () => {
    const evidence = truth();
    evidence.rows.push({ id: 77, source: 3, target: 3, amount: 1 });
    evidence.rows[6] = { id: 6, source: 1, target: 2, amount: 11 };
    const wrong = {
      ...evidence,
      balances: new Map([
        [1, 899],
        [2, 1101],
        [3, 1000],
      ]),
    };
    expect(check(wrong).strange).to.deep.equal([6, 77]);
    expect(broken(wrong)).to.deep.equal(['as asked']);
  });

  it('finds one that was never answered, and one that was answered late', () => {
    const evidence = truth();
    const { answeredAt: _, ...unanswered } = evidence.told[8] as Told;
    evidence.told[8] = { ...unanswered, told: 'nothing' };
    tell(evidence, 9, { answeredAt: 900 + 1551 });
    expect(check(evidence)).to.deep.include({ hung: [8], late: [9], latestMs: 1551 });
    expect(broken(evidence)).to.have.members(['none hangs', 'in time']);
    tell(evidence, 9, { answeredAt: 900 + 1550 });
    expect(check(evidence).late).to.deep.equal([]);
  });

  it('finds one that refuses everything', () => {
    const evidence = truth();
    for (let id = 0; id < 6; id++) tell(evidence, id, { told: 'failed', reason: 'DB_CONNECTION_LOST' });
    expect(broken(evidence)).to.include('works');
  });

  describe('an unknown outcome', () => {
    const verdictOn = (id: number, reason: string) => {
      const evidence = truth();
      tell(evidence, id, { told: 'unknown', reason });
      return { unknown: check(evidence).unknown[0], broken: broken(evidence) };
    };
    const needless = ['unknown only where it must'];

    it('is no lie where a crash accounts for it, whatever else happened', () => {
      expect(verdictOn(3, 'crash')).to.deep.equal({
        unknown: { id: 3, reason: 'crash', stored: true, under: ['kill', 'reset'], excused: true },
        broken: [],
      });
    });

    it('says whether it was stored in truth', () => {
      const evidence = truth();
      tell(evidence, 3, { told: 'unknown', reason: 'crash' });
      expect(check(undo(evidence, 3)).unknown[0]).to.include({ stored: false });
    });

    it('breaks the rule on a plain reset, and without any fault', () => {
      expect(verdictOn(1, 'unreachable')).to.deep.equal({
        unknown: { id: 1, reason: 'unreachable', stored: true, under: ['reset'], excused: false },
        broken: needless,
      });
      expect(verdictOn(5, 'crash').broken).to.deep.equal(needless);
      expect(verdictOn(5, 'crash').unknown?.under).to.deep.equal([]);
    });

    it('breaks the rule where the fault accounts for other reasons only', () => {
      expect(verdictOn(2, 'crash').broken).to.deep.equal(needless);
      expect(verdictOn(2, 'deadline').broken).to.deep.equal([]);
    });

    it('is not excused by a fault that was over when its last transaction began', () => {
      const evidence = truth();
      tell(evidence, 3, { told: 'unknown', reason: 'crash', attemptedAt: 311, answeredAt: 320 });
      expect(broken(evidence)).to.deep.equal(needless);
    });

    it('is excused where hardly any time was left, if it is for want of time', () => {
      const evidence = truth();
      tell(evidence, 1, { told: 'unknown', reason: 'unreachable', attemptedAt: 601, answeredAt: 1600 });
      tell(evidence, 5, { told: 'unknown', reason: 'crash', attemptedAt: 1001, answeredAt: 2000 });
      expect(check(evidence).unknown.map(({ excused }) => excused)).to.deep.equal([true, false]);
      tell(evidence, 1, { attemptedAt: 600 });
      expect(check(evidence).unknown.map(({ excused }) => excused)).to.deep.equal([false, false]);
    });

    it('is not excused by a fault before or after it', () => {
      const evidence = { ...truth(), spans: [{ fault: 'kill', from: 406, to: 499 } as const] };
      tell(evidence, 4, { told: 'unknown', reason: 'crash' });
      tell(evidence, 5, { told: 'unknown', reason: 'crash' });
      expect(check(evidence).unknown.map(({ excused }) => excused)).to.deep.equal([false, false]);
    });
  });
});
