/** Lines of eight orders in a row; the pattern repeats. */
const LINES = [1, 3, 0, 2, 5, 1, 7, 2] as const;
const FIRST = LINES.map((_, n) => LINES.slice(0, n).reduce((sum: number, lines) => sum + lines, 0));
const CYCLE = 21;

/** How many lines the first so many orders have. */
export function linesBefore(orders: number): number {
  return Math.floor(orders / LINES.length) * CYCLE + (FIRST[orders % LINES.length] as number);
}

/** The order that a line belongs to, and its number there from 1. */
export function placeOfLine(line: number): { readonly order: number; readonly number: number } {
  const block = Math.floor(line / CYCLE);
  const inside = line % CYCLE;
  let slot = 0;
  while ((FIRST[slot + 1] ?? CYCLE) <= inside) slot += 1;
  return { order: block * LINES.length + slot, number: inside - (FIRST[slot] as number) + 1 };
}

export function* linesOf(order: number): Generator<number> {
  for (let line = linesBefore(order); line < linesBefore(order + 1); line += 1) yield line;
}
