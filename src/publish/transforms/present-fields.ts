import { doesNotFit } from '../mapping/does-not-fit';
import type { RowPlan } from '../mapping/row-plan';
import type { SourceValue } from '../mapping/source-columns';

/** A target and the field of the source that it is made of. */
export interface PresentField {
  readonly target: string;
  readonly field: string;
  readonly value: SourceValue;
}

/**
 * Fields that the file names have to be there; of those that a transform looks for by itself, the raw table has some, and the others make no
 * target. Errors: config_error where there is none of them.
 */
export function presentFields(
  plan: RowPlan,
  named: Readonly<Record<string, string | undefined>> | undefined,
  looked: Readonly<Record<string, string>>,
  path: string,
): readonly PresentField[] {
  const { columns } = plan.surroundings;
  const found = Object.entries(named ?? looked).flatMap(([target, field]): PresentField[] => {
    if (field === undefined || (named === undefined && !columns.has(field))) return [];
    return [{ target, field, value: columns.value(field, { path: `${path}.${target}` }) }];
  });
  if (found.length === 0) throw doesNotFit(path, `the raw table has none of ${Object.values(looked).join(', ')}: name the fields`);
  return found;
}
