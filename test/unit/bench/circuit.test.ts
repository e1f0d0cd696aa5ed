import { expect } from 'chai';
import type { CircuitSeen } from '../../../bench/faults/app/circuit-watch.js';
import { reportCircuit, type Watched } from '../../../bench/faults/circuit.js';
import type { Sample } from '../../../bench/faults/load.js';
import type { FaultName } from '../../../bench/faults/names.js';
import type { CircuitReport, FaultReport } from '../../../bench/faults/report.js';
import { brokenRules } from '../../../bench/faults/rules.js';

// When this process began, by the clock on the wall.
const timeOrigin = 1_000_000;

type Step = [at: number, from: 'closed' | 'open' | 'half-open', to: 'closed' | 'open' | 'half-open'];

const seen = (...steps: Step[]): CircuitSeen => ({
  asked: 0,
  changes: steps.map(([at, from, to]) => ({ at: timeOrigin + at, from, to, reason: 'by-hand' })),
});
const opened: Step[] = [
  [100, 'closed', 'open'],
  [2000, 'open', 'half-open'],
  [2300, 'half-open', 'closed'],
];
const refusal = (dueAt: number, ms: number): Sample => ({
  dueAt,
  ms,
  status: '503',
  retryAfter: '1',
  whileOpen: true,
});

function reported(more: Partial<Watched> = {}): CircuitReport {
  const nothing = { reads: [], transactions: [], control: [] };
  return reportCircuit({ fault: 'refuse', seen: seen(...opened), ...nothing, healedAt: 2000, ...more }, timeOrigin);
}

describe('faults: what the circuit did', () => {
  it('nothing, where it stayed closed', () => {
    const { opened: times, ...report } = reported({ seen: seen(), reads: [{ dueAt: 0, ms: 5, status: '200' }] });
    expect(times).to.equal(0);
    expect(report).not.to.have.any.keys('openedAfterMs', 'closedAfterMs', 'open', 'refused');
  });

  it('opened so long after the first failed answer came', () => {
    const reads: Sample[] = [refusal(150, 1), { dueAt: 60, ms: 10, status: '503' }, { dueAt: 0, ms: 2, status: '200' }];
    expect(reported({ reads }).openedAfterMs).to.equal(30);
  });

  it('opened before any failure, where it spared callers every one', () => {
    expect(reported({ reads: [refusal(150, 1)] }).openedAfterMs).to.equal('before any');
    expect(reported().openedAfterMs).to.equal('before any');
  });

  it('a failed transaction is a failure as well', () => {
    expect(reported({ transactions: [{ dueAt: 10, ms: 20, status: '504' }] }).openedAfterMs).to.equal(70);
  });

  it('closed when it closed for the last time', () => {
    expect(reported().closedAfterMs).to.equal(300);
    const again: Step[] = [
      [2400, 'closed', 'open'],
      [3500, 'half-open', 'closed'],
    ];
    const report = reported({ seen: seen(...opened, ...again) });
    expect([report.opened, report.closedAfterMs]).to.deep.equal([2, 1500]);
  });

  it('closed at once, where it found the database back before others did', () => {
    expect(reported({ healedAt: 2350 }).closedAfterMs).to.equal(0);
  });

  it('never closed, where it ends open', () => {
    expect(reported({ seen: seen(...opened.slice(0, 2)) }).closedAfterMs).to.equal('never');
  });

  it('counts the reads that came meanwhile, whatever their answer, and takes off what the machine added', () => {
    const reads: Sample[] = [
      refusal(150, 4),
      { dueAt: 160, ms: 104, status: '200', whileOpen: true },
      { dueAt: 50, ms: 900, status: '504' },
    ];
    const control: Sample[] = [{ dueAt: 300, ms: 1, status: '200' }];
    const { open } = reported({ reads, transactions: [refusal(200, 500)], control });
    expect(open).to.include({ count: 2, p50Ms: 54, worstMs: 104 });
    expect(open?.p99Ms).to.be.closeTo(103, 1e-9);
    expect(open?.ownP99Ms).to.be.closeTo(101, 1e-9);
  });

  it('a Retry-After is a whole number of at least 1', () => {
    const answers = ['1', '30', undefined, '0', '1.5', '-1', '', 'Fri, 31 Dec 1999 23:59:59 GMT'].map(
      (retryAfter): Sample => ({ dueAt: 0, ms: 1, status: '503', ...(retryAfter === undefined ? {} : { retryAfter }) }),
    );
    const others: Sample[] = ['200', '504', 'hung'].map((status) => ({ dueAt: 0, ms: 1, status }));
    const report = reported({ reads: [...answers.slice(0, 4), ...others], transactions: answers.slice(4) });
    expect(report.withoutRetryAfter).to.equal(6);
  });

  it('a silent fault may hide the end of it for as long as a probe takes, a slow machine for longer, reset as it likes', () => {
    const atMost = (fault: FaultName, patience?: number) => reported({ fault, patience }).closedAtMost;
    expect(['refuse', 'killed', 'too-many-connections'].map((fault) => atMost(fault as FaultName))).to.deep.equal([
      1500, 1500, 1500,
    ]);
    expect(['black-hole', 'slow', 'frozen'].map((fault) => atMost(fault as FaultName))).to.deep.equal([
      3500, 3500, 3500,
    ]);
    expect(atMost('refuse', 4)).to.equal(6000);
    expect(atMost('reset')).to.equal(undefined);
    expect(reported({ patience: 4 }).openP99AtMost).to.equal(200);
  });
});

describe('faults: rules of the circuit', () => {
  const calm: CircuitReport = {
    opened: 1,
    closedAfterMs: 1500,
    closedAtMost: 1500,
    open: { count: 9, p50Ms: 1, p99Ms: 80, worstMs: 900, ownP99Ms: 50 },
    openP99AtMost: 50,
    asked: 0,
    withoutRetryAfter: 0,
  };
  const broken = (circuit: Partial<CircuitReport>, fault: FaultName = 'killed'): string[] => {
    const report = {
      fault,
      recovered: { reads: 0, ok: 0 },
      left: { settledMs: 0 },
      circuit: { ...calm, ...circuit },
    } as FaultReport;
    return [...brokenRules(report).keys()];
  };

  it('are kept at their limits', () => expect(broken({})).to.deep.equal([]));

  it('are broken above them', () => {
    const open = { count: 9, p50Ms: 1, p99Ms: 80, worstMs: 900, ownP99Ms: 50.1 };
    expect(broken({ open })).to.deep.equal(['refuses at once']);
    expect(broken({ asked: 1 })).to.deep.equal(['asks nothing']);
    expect(broken({ withoutRetryAfter: 1 })).to.deep.equal(['says when']);
    expect(broken({ closedAfterMs: 1501 })).to.deep.equal(['closes']);
    expect(broken({ closedAfterMs: 'never', closedAtMost: undefined })).to.deep.equal(['closes']);
    expect(broken({ closedAfterMs: 9999, closedAtMost: undefined }, 'reset')).to.deep.equal([]);
  });

  it('it must open where it hears of a fault at once, and only there', () => {
    const faults: FaultName[] = ['killed', 'refuse', 'too-many-connections', 'black-hole', 'reset'];
    expect(faults.filter((fault) => broken({ opened: 0 }, fault).includes('opens'))).to.deep.equal(faults.slice(0, 3));
  });
});
