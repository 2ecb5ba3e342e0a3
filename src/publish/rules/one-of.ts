import type { Constant } from '../../config/schema/names';
import { conversion } from '../mapping/convert';
import { constantText } from '../mapping/mapped-fields';
import type { Cell } from '../mapping/mapping';
import type { RowPlan, Slot } from '../mapping/row-plan';

/** A test for being one of the file's values; numbers are the same whatever zeros they end with. `path` is that of the values. */
export function oneOfValues(
  values: readonly Constant[],
  { plan, slot, path }: { plan: RowPlan; slot: Slot; path: string },
): (cell: Cell) => boolean {
  const { zone } = plan.surroundings;
  const allowed = new Set<Cell>(values.map((value, index) => constantText(value, slot.type, { path: `${path}.${index}`, zone })));
  if (slot.type !== 'numeric') return (cell) => allowed.has(cell);
  const normal = conversion('text', 'numeric', zone)!;
  return (cell) => typeof cell === 'string' && (allowed.has(cell) || allowed.has(normal(cell) ?? null));
}
