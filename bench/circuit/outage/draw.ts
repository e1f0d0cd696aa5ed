import type { Recorded } from './record.js';
import { frame, leastMs, mostMs, xOf, y } from './scale.js';

const { width, height, left, right, top, bottom } = frame;
const dots = { ok: '#1a7f37', refused: '#0969da', failed: '#cf222e' } as const;
const names = { ok: 'answered', refused: 'refused by the circuit', failed: 'connection lost' } as const;
const bands = { closed: '#eaf6ec', open: '#fdeceb', 'half-open': '#fff3c4', isolated: '#eeeeee' } as const;
const ink = '#1f2328';
const faint = '#59636e';
const probesY = bottom + 20;
const secondsY = bottom + 54;

/** The outage as a picture: one dot for each answer. */
export function draw(recorded: Recorded): string {
  const x = xOf(recorded.fromMs, recorded.untilMs);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" ` +
      `font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="14" fill="${ink}">`,
    '<title>Answers to 50 calls a second while a database is killed and started again</title>',
    `<rect width="${String(width)}" height="${String(height)}" fill="#ffffff"/>`,
    text(
      left,
      26,
      'Answers to 50 calls a second while the server is down for 6 s',
      'font-size="17" font-weight="bold"',
    ),
    ...states(recorded, x),
    ...grid(recorded, x),
    ...marks(recorded, x),
    ...points(recorded, x),
    ...probes(recorded, x),
    ...legend(),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

type X = (at: number) => number;

function states({ changes, fromMs, untilMs }: Recorded, x: X): string[] {
  const all = [{ at: fromMs, to: 'closed' as const }, ...changes];
  return all.map(({ at, to }, index) => {
    const end = all[index + 1]?.at ?? untilMs;
    return `<rect x="${n(x(at))}" y="${n(top)}" width="${n(x(end) - x(at))}" height="${n(bottom - top)}" fill="${bands[to]}"/>`;
  });
}

function grid({ fromMs, untilMs }: Recorded, x: X): string[] {
  const lines: string[] = [];
  for (let ms = leastMs; ms <= mostMs; ms *= 10) {
    lines.push(line(left, y(ms), right, y(ms), 'stroke="#d1d9e0"'));
    lines.push(text(left - 8, y(ms) + 5, `${String(Number(ms.toPrecision(1)))} ms`, 'text-anchor="end"'));
  }
  for (let second = Math.ceil(fromMs / 1000); second * 1000 <= untilMs; second++) {
    lines.push(line(x(second * 1000), bottom, x(second * 1000), bottom + 5, `stroke="${faint}"`));
    lines.push(text(x(second * 1000), secondsY - 8, String(second), 'text-anchor="middle"'));
  }
  lines.push(text((left + right) / 2, secondsY + 14, 'seconds since the server was killed', 'text-anchor="middle"'));
  return lines;
}

function marks({ acceptsMs, closedMs }: Recorded, x: X): string[] {
  const each = [
    { at: 0, what: 'server killed', anchor: 'middle', by: 0 },
    { at: acceptsMs, what: 'server accepts connections', anchor: 'end', by: 6 },
    { at: closedMs, what: 'circuit closed', anchor: 'start', by: -6 },
  ];
  return each.flatMap(({ at, what, anchor, by }) => [
    line(x(at), top - 12, x(at), bottom, `stroke="${ink}" stroke-dasharray="4 3"`),
    text(x(at) + by, top - 18, what, `text-anchor="${anchor}"`),
  ]);
}

function points({ answers }: Recorded, x: X): string[] {
  return (['refused', 'ok', 'failed'] as const).map((kind) => {
    const circles = answers
      .filter((answer) => answer.kind === kind)
      .map(({ at, ms }) => `<circle cx="${n(x(at))}" cy="${n(y(ms))}" r="2.5"/>`);
    return `<g fill="${dots[kind]}" fill-opacity="0.75">${circles.join('')}</g>`;
  });
}

function probes({ probes: moments, fromMs, untilMs }: Recorded, x: X): string[] {
  const path = moments
    .filter((at) => at >= fromMs && at <= untilMs)
    .map((at) => `M${n(x(at))} ${n(probesY - 7)}v14`)
    .join('');
  return [
    `<path d="${path}" stroke="#8250df" stroke-width="2.5" fill="none"/>`,
    text(left - 8, probesY + 5, 'probes', 'text-anchor="end" fill="#8250df"'),
  ];
}

function legend(): string[] {
  const at = height - 14;
  const entries = [
    ...(['ok', 'refused', 'failed'] as const).map((kind) => ({
      what: names[kind],
      shape: (from: number) => `<circle cx="${n(from + 6)}" cy="${n(at - 5)}" r="4.5" fill="${dots[kind]}"/>`,
    })),
    ...(['closed', 'open', 'half-open'] as const).map((state) => ({
      what: state,
      shape: (from: number) =>
        `<rect x="${n(from)}" y="${n(at - 12)}" width="13" height="13" fill="${bands[state]}" stroke="${faint}" stroke-width="0.7"/>`,
    })),
  ];
  let from: number = left;
  return entries.flatMap(({ what, shape }) => {
    const drawn = [shape(from), text(from + 19, at, what)];
    from += 44 + what.length * 7;
    return drawn;
  });
}

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" ${style}/>`;
}

function text(x: number, at: number, what: string, style = ''): string {
  return `<text x="${n(x)}" y="${n(at)}"${style === '' ? '' : ` ${style}`}>${what}</text>`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
