import type { JsonObject, JsonValue } from '../json-text';
import type { EntityName, RecordTimes, World } from '../world';

/** `row`: enough for a list row. `full`: every field of list row and detail together. */
export type Depth = 'row' | 'full';
export type SortOrder = 'A' | 'D';

/** What the list and detail calls need to know of one kind of record. */
export interface Entity {
  readonly name: EntityName;
  readonly detailKey: string;
  readonly idField: string;
  /** As Zoho's code-1002 message names one record: `Invoice`. */
  readonly label: string;
  readonly reportName: string;
  /** Fields that only the detail call shows, and only the list. */
  readonly detailOnly: ReadonlySet<string>;
  readonly rowOnly: ReadonlySet<string>;
  readonly sortColumns: readonly string[];
  readonly defaultSort: { readonly column: string; readonly order: SortOrder };
  /** Query parameters that filter by equality of the field of the same name. */
  readonly equalityFilters: readonly string[];
  readonly dateFilters: readonly string[];
  /** Whether `last_modified_time` is a documented filter; elsewhere Zoho ignores it. */
  readonly filtersByModification: boolean;
  build(world: World, index: number, times: RecordTimes, depth: Depth): JsonObject;
  /** One field of a seeded record without building it, where that is cheap. */
  quickField(world: World, index: number, field: string): JsonValue | undefined;
  /** The seeded record at a rank of a column's ascending order, where that is a closed function. */
  closedOrder(world: World, column: string): ClosedOrder | undefined;
}

/** A column's ascending order of seeded records, in both directions, without a table. */
export interface ClosedOrder {
  readonly indexAt: (rank: number) => number;
  readonly rankOf: (index: number) => number;
}

export const CREATION_ORDER: ClosedOrder = { indexAt: (rank) => rank, rankOf: (index) => index };

export function modificationOrder(world: World, entity: EntityName): ClosedOrder {
  const timeline = world.timelines[entity];
  return { indexAt: (rank) => timeline.indexAtModifiedRank(rank), rankOf: (index) => timeline.modifiedRank(index) };
}

/** Flattened custom fields as Zoho repeats them: `cf_x`, `custom_fields[]`, `custom_field_hash`. */
export function customFields(world: World, stream: number, index: number, region: string): JsonObject {
  const fields: Record<string, JsonValue> = {};
  const list: JsonObject[] = [];
  const add = (position: number, label: string, key: string, value: string): void => {
    fields[key] = value;
    list.push({ customfield_id: world.ids.settings.encode(100 + position), index: position, label, value });
  };
  const hash = world.hash(stream, index, 9);
  if (hash % 3 === 0) add(1, 'Region', 'cf_region', region);
  if (hash % 5 === 0) add(2, 'Legacy No', 'cf_legacy_no', `A-${index % 977}\t"x"`);
  return { ...fields, custom_fields: list, custom_field_hash: { ...fields } };
}
