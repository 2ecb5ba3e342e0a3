/** A span of time in one figure and its unit: `90 s`, `45 min`, `26 h`, `3.5 d`. `ms` is not negative. */
export function spanWords(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 360) / 10} h` : `${Math.round(seconds / 8_640) / 10} d`;
}
