import type { ColumnType, EntityDefinition, Survey } from '../source';
import { DELETED_RECORDS, GLOBAL_STAMP, type Attribute, type KeyedClass } from './catalog';

const COLUMNS: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ['bool', 'boolean'],
  ['byte', 'bigint'],
  ['word', 'bigint'],
  ['long', 'bigint'],
  ['long64', 'bigint'],
  ['duration', 'bigint'],
  ['number', 'numeric'],
  ['string', 'text'],
  ['uuid', 'text'],
  // A day of 4D has no zone. Where a server sends it with a time all the same, the column becomes text and keeps what was sent.
  ['date', 'date'],
  ['image', 'jsonb'],
  ['blob', 'jsonb'],
  ['object', 'jsonb'],
]);

/** What every record carries besides its attributes. */
const OWN: Readonly<Record<string, ColumnType>> = { __KEY: 'text', __TIMESTAMP: 'timestamptz', __STAMP: 'bigint' };

/** Attributes whose values a filter can be compared with: those with a value of their own. */
export function isScalar({ kind, type }: Attribute): boolean {
  const column = COLUMNS.get(type);
  return !kind.startsWith('related') && column !== undefined && column !== 'jsonb';
}

function columnsOf(attributes: readonly Attribute[]): Record<string, ColumnType> {
  const typed = attributes.flatMap(({ name, kind, type }): [string, ColumnType][] => {
    const column = kind.startsWith('related') ? 'jsonb' : COLUMNS.get(type);
    return column === undefined ? [] : [[name, column]];
  });
  return Object.fromEntries([...Object.entries(OWN), ...typed]);
}

/** Whether changes of this class can be asked for: without the index each question would read the whole table. */
export function isTracked({ attributes }: KeyedClass): boolean {
  return attributes.some(({ name, indexed }) => name === GLOBAL_STAMP && indexed);
}

/** What the catalog says of a dataclass; `feed`: the server tells deletions. */
export function surveyed(dataClass: KeyedClass, feed: boolean, pageSize: number): Survey['definition'] {
  const { keyAttribute, attributes } = dataClass;
  const shared = { key: [keyAttribute], version: '__STAMP', columns: columnsOf(attributes) } as const;
  if (!isTracked(dataClass)) {
    return {
      ...shared,
      cursor: null,
      incremental: false,
      paging: { kind: 'keyset', field: keyAttribute, pageSize },
      order: 'immutable',
      deletes: SWEEP,
    };
  }
  return {
    ...shared,
    cursor: { field: GLOBAL_STAMP, kind: 'integer', precision: 'integer', boundary: 'inclusive' },
    incremental: true,
    paging: { kind: 'keyset', field: GLOBAL_STAMP, pageSize },
    order: 'cursor_ascending',
    deletes: feed ? { kind: 'feed', object: DELETED_RECORDS, cursorField: '__Stamp' } : SWEEP,
  };
}

const SWEEP: EntityDefinition['deletes'] = { kind: 'sweep', confirmByDetail: true };
