import { expect } from 'chai';
import { Acquisitions } from '../../../lib/monitor/acquisitions.js';
import { healthStatus } from '../../../lib/monitor/health-status.js';
import type { PoolSigns } from '../../../lib/monitor/health-status.js';
import type { ConnectionCounts, HealthStatus } from '../../../lib/monitor/reports.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('healthStatus', () => {
  let clock: FakeClock;
  let acquisitions: Acquisitions;

  beforeEach(() => {
    clock = new FakeClock();
    acquisitions = new Acquisitions(1000, clock);
  });

  const quiet: ConnectionCounts = { size: 5, active: 2, idle: 3, waiting: 0, max: 10 };
  const full: ConnectionCounts = { size: 10, active: 10, idle: 0, waiting: 3, max: 10 };

  const statusOf = (counts: Partial<ConnectionCounts> = {}, signs: Partial<PoolSigns> = {}): HealthStatus =>
    healthStatus({ ...quiet, ...counts }, acquisitions, {
      circuitState: 'closed',
      refuses: false,
      leaks: 0,
      sustainedHighMs: 0,
      ...signs,
    });

  function expectOne(report: HealthStatus, status: HealthStatus['status'], warning: RegExp): void {
    expect(report.warnings).to.have.length(1);
    expect(report.warnings[0]).to.match(warning);
    expect(report.status).to.equal(status);
  }

  it('is healthy where nothing is remarkable, and tells the numbers', () => {
    for (const ms of [1, 2, 3.14]) acquisitions.acquired(ms);
    acquisitions.failed('cancelled', 5);
    expect(statusOf()).to.deep.equal({
      status: 'healthy',
      utilization_pct: 20,
      size: 5,
      active: 2,
      idle: 3,
      waiting: 0,
      max: 10,
      total_acquisitions: 3,
      acquisition_failures: 1,
      avg_acquisition_ms: 2,
      p95_acquisition_ms: 3.1,
      max_acquisition_ms: 3.1,
      warnings: [],
    });
  });

  it('is critical where the circuit is not closed', () => {
    const open = { circuitState: 'open' } as const;
    expectOne(
      statusOf({}, { ...open, refuses: true }),
      'critical',
      /^The circuit is open: .*reached; calls are refused/,
    );
    expectOne(statusOf({}, open), 'critical', /^The circuit is open: .*; by its mode it refuses nothing$/);
    expectOne(statusOf({}, { circuitState: 'half-open' }), 'critical', /^The circuit is half-open: /);
    expectOne(statusOf({}, { circuitState: 'isolated' }), 'critical', /^The circuit is isolated by hand, .*resume\(\)/);
  });

  it('is critical where all connections are in use, calls wait, and some came away with nothing in the last minute', () => {
    for (const reason of ['timeout', 'deadline'] as const) {
      acquisitions = new Acquisitions(1000, clock);
      acquisitions.failed(reason, 30_000);
      const report = statusOf(full);
      expect(report.status, reason).to.equal('critical');
      expect(report.warnings[0]).to.match(/^Every connection \(10\) is in use, with 3 calls waiting, and 1 call of/);
    }
    clock.advance(61_000);
    expect(statusOf(full).status, 'a minute later').to.equal('warning');
  });

  it('is not critical where one of these is missing', () => {
    expect(statusOf(full).status).to.equal('warning');
    acquisitions.failed('cancelled', 1);
    acquisitions.failed('circuit-open', 1);
    acquisitions.failed('closed', 1);
    expect(statusOf(full).status).to.equal('warning');
    acquisitions.failed('timeout', 30_000);
    expect(statusOf({ ...full, waiting: 0 }).status).to.equal('warning');
    expect(statusOf({ ...full, active: 9 }).status).to.equal('warning');
  });

  it('warns from a utilisation of 80 % on', () => {
    expect(statusOf({ active: 79, max: 100 }).status).to.equal('healthy');
    const report = statusOf({ active: 80, max: 100 });
    expectOne(report, 'warning', /^80 of 100 connections are in use \(80 %\)/);
    expect(report.utilization_pct).to.equal(80);
    expect(statusOf({ active: 1, max: 3 }).utilization_pct).to.equal(33.3);
    expect(statusOf({ active: 0, max: 0 }).utilization_pct).to.equal(0);
  });

  it('warns of calls that wait', () => {
    expectOne(statusOf({ waiting: 1 }), 'warning', /^Waiting for a connection: 1 call\./);
    expectOne(statusOf({ waiting: 2 }), 'warning', /^Waiting for a connection: 2 calls\./);
  });

  it('warns of calls of the last minute that got no connection in time, or for which none could be opened', () => {
    acquisitions.failed('timeout', 30_000);
    acquisitions.failed('deadline', 30_000);
    expectOne(statusOf(), 'warning', /^Got no connection in time, in the last minute: 2 calls/);
    clock.advance(61_000);
    acquisitions.failed('connect', 5);
    expectOne(statusOf(), 'warning', /^No connection could be opened for 1 call /);
    clock.advance(61_000);
    expect(statusOf().status).to.equal('healthy');
  });

  it('warns where one call in twenty waits for more than a second, now and not an hour ago', () => {
    for (let i = 0; i < 18; i++) acquisitions.acquired(1);
    acquisitions.acquired(1500);
    expect(statusOf().status, 'too few').to.equal('healthy');
    acquisitions.acquired(1500);
    expectOne(statusOf(), 'warning', /^One call in twenty waits 1500 ms or longer/);
    for (let i = 0; i < 19; i++) acquisitions.acquired(1);
    expectOne(statusOf(), 'warning', /1500 ms/);
    acquisitions.acquired(1);
    expect(statusOf().status, 'fewer than one in twenty').to.equal('healthy');
    for (let i = 0; i < 10; i++) acquisitions.acquired(1500);
    clock.advance(61_000);
    expect(statusOf().status).to.equal('healthy');
    expect(statusOf().p95_acquisition_ms).to.equal(1500);
  });

  it('warns of suspected leaks, and of their second sign', () => {
    expectOne(statusOf({}, { leaks: 2 }), 'warning', /: 2 connections\. detectConnectionLeaks\(\)/);
    expectOne(statusOf({}, { leaks: 1 }), 'warning', /: 1 connection\./);
    expect(statusOf({}, { sustainedHighMs: 59_999 }).status).to.equal('healthy');
    expectOne(statusOf({}, { sustainedHighMs: 61_900 }), 'warning', /^At least 90 % .* for 61 s/);
  });

  it('tells all at once, what is critical first', () => {
    acquisitions.failed('timeout', 1);
    acquisitions.failed('connect', 1);
    const report = statusOf(full, { circuitState: 'open', leaks: 1, sustainedHighMs: 60_000 });
    expect(report.status).to.equal('critical');
    expect(report.warnings).to.have.length(8);
    expect(report.warnings[0]).to.contain('circuit');
    expect(report.warnings[1]).to.contain('Every connection');
  });
});
