/** Where things are in the drawing. */
export const frame = { width: 960, height: 510, left: 76, right: 944, top: 92, bottom: 390 } as const;

export const leastMs = 0.01;
export const mostMs = 1000;

/** From a moment to its place on the x axis. */
export function xOf(fromMs: number, untilMs: number): (at: number) => number {
  const { left, right } = frame;
  return (at) => left + ((at - fromMs) / (untilMs - fromMs)) * (right - left);
}

/** From a duration to its place on the y axis, which is logarithmic; what is beyond its ends is at its ends. */
export function y(ms: number): number {
  const { top, bottom } = frame;
  const share = Math.log10(Math.min(Math.max(ms, leastMs), mostMs) / leastMs) / Math.log10(mostMs / leastMs);
  return bottom - share * (bottom - top);
}
