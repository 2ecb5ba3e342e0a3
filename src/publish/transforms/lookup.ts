import { closest } from '../../config/closest';
import type { TransformOf } from '../../config/schema/publish-transform';
import { conversion } from '../mapping/convert';
import { doesNotFit } from '../mapping/does-not-fit';
import { shown } from '../mapping/findings';
import type { Lookup } from '../mapping/mapping';
import type { RowPlan } from '../mapping/row-plan';

/** A value of another table, by a key of the source. What the key leads to is handed to `map`; where it leads nowhere, `missing` decides. */
export function lookup(plan: RowPlan, settings: TransformOf<'lookup'>, path: string): void {
  const { columns, zone } = plan.surroundings;
  const { type, read } = columns.value(settings.from, { path: `${path}.from` });
  const plain = conversion(type, 'text', zone)!;
  const keyOf: Lookup['keyOf'] = (source) => {
    const cell = read(source);
    const key = typeof cell === 'string' ? plain(cell) : null;
    return typeof key === 'string' && key.trim() !== '' ? key.trim() : null;
  };
  const { entity = null, into: filled, match: key, take: value } = settings;
  const place = plan.lookups.push({ entity, into: filled, ...tableOf(plan, settings, path), key, value, keyOf }) - 1;
  const { at } = plan.add(settings.into, settings.type, { path: `${path}.into` });
  const { from, into, missing } = settings;
  const rule = missing === 'pending' ? 'lookup' : 'lookup-missing';
  plan.steps.push((source, cells, { findings, looked }) => {
    if (read(source) === undefined) return;
    const key = keyOf(source);
    const found = key === null ? null : looked[place];
    cells[at] = found ?? null;
    if (found !== undefined || missing === 'null') return;
    findings.add({ rule, field: into, value: key, message: `${from} is ${shown(key)}, and there is no such ${settings.match} (yet)` });
  });
}

function tableOf(plan: RowPlan, settings: TransformOf<'lookup'>, path: string): { readonly schema: string; readonly table: string } {
  const { entity, table, schema } = settings;
  if (table !== undefined) return { schema, table };
  const { published } = plan.surroundings;
  const parent = entity !== undefined && Object.hasOwn(published, entity) ? published[entity] : undefined;
  if (parent !== undefined) return { schema: parent.schema, table: parent.table };
  throw doesNotFit(`${path}.entity`, `${entity ?? ''} publishes no table`, closest(entity ?? '', Object.keys(published)));
}
