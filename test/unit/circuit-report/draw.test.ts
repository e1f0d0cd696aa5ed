import { expect } from 'chai';
import { draw } from '../../../bench/circuit/outage/draw.js';
import type { Recorded } from '../../../bench/circuit/outage/record.js';
import { frame, xOf, y } from '../../../bench/circuit/outage/scale.js';

const recorded: Recorded = {
  answers: [
    { at: -10, ms: 0.5, kind: 'ok' },
    { at: 20, ms: 5, kind: 'failed' },
    { at: 100, ms: 0.1, kind: 'refused' },
    { at: 120, ms: 0.2, kind: 'refused' },
  ],
  changes: [
    { at: 60, to: 'open' },
    { at: 6400, to: 'half-open' },
    { at: 6700, to: 'closed' },
  ],
  probes: [50, 550, 6400],
  fromMs: -1000,
  untilMs: 7700,
  acceptsMs: 6100,
  closedMs: 6700,
  sentWhileOpen: 0,
};

describe('the drawing of an outage', () => {
  it('has a dot for each answer, a tick for each probe and a band for each state', () => {
    const svg = draw(recorded);
    const dots = /<g fill="#0969da"[^>]*>(.*)<\/g>/.exec(svg)?.[1] ?? '';
    expect(dots.match(/<circle/g)).to.have.length(2);
    expect(/<path d="([^"]*)"/.exec(svg)?.[1]?.match(/M/g)).to.have.length(3);
    for (const what of ['server killed', 'server accepts connections', 'circuit closed']) expect(svg).to.include(what);
    expect(svg).not.to.match(/NaN|undefined|script/);
  });

  it('keeps what is beyond its ends at its ends', () => {
    expect(y(0)).to.equal(frame.bottom);
    expect(y(30_000)).to.equal(frame.top);
    expect(xOf(-1000, 7700)(-1000)).to.equal(frame.left);
    expect(xOf(-1000, 7700)(7700)).to.equal(frame.right);
  });
});
