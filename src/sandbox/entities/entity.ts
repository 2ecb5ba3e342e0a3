import type { JsonObject, JsonValue } from '../json-text';
import { timestamp } from '../timestamps';
import { REGIONS } from '../words';
import type { EntityName, RecordTimes, World } from '../world';

/** `row`: enough for a list row. `full`: every field of list row and detail together. */
export type Depth = 'row' | 'full';
export type SortOrder = 'A' | 'D';

/** Receives the fields of a record one after the other, so that a page of rows is written without making objects. */
export type Put = (field: string, value: JsonValue) => void;

/** Which record to write, and the instants it carries. */
export interface Seeded {
  readonly world: World;
  readonly index: number;
  readonly times: RecordTimes;
}

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
  write(record: Seeded, depth: Depth, put: Put): void;
  /** One field of a seeded record without writing it, where that is cheap. */
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

/** Custom fields as Zoho repeats them: flattened `cf_x`, `custom_fields[]`, `custom_field_hash`. Most records have none. */
export function putCustomFields(world: World, stream: number, index: number, put: Put): void {
  const hash = world.hash(stream, index, 9);
  const list: JsonObject[] = [];
  const byKey: Record<string, JsonValue> = {};
  const add = (position: number, label: string, key: string, value: string): void => {
    put(key, value);
    byKey[key] = value;
    list.push({ customfield_id: world.settingsId(100 + position), index: position, label, value });
  };
  if (hash % 3 === 0) add(1, 'Region', 'cf_region', REGIONS[(hash >>> 8) % REGIONS.length] as string);
  if (hash % 5 === 0) add(2, 'Legacy No', 'cf_legacy_no', `A-${index % 977}\t"x"`);
  put('custom_fields', list);
  put('custom_field_hash', byKey);
}

/** `created_time` and `last_modified_time` as the wire shows them; every fourth record was edited from another zone than it was made in. */
export function putTimes({ world, index, times }: Seeded, stream: number, put: Put): void {
  const made = world.offset(stream, index, 1);
  put('created_time', timestamp(times.created, made));
  put('last_modified_time', timestamp(times.modified, world.hash(stream, index, 2) % 4 === 0 ? world.offset(stream, index, 3) : made));
}
