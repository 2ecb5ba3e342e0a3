import { isArray, RawNumber } from '../json-text';
import type { JsonValue } from '../json-text';
import { GLOBAL_STAMP } from './data-class';
import type { RelatedEntity, StorageAttribute, StorageType, TableName } from './data-class';
import type { RecordTable } from './record-table';
import { noAttribute, unreadable } from './rest-error';

/** How to read the value that a path names, of any record of its class. */
export interface Accessor {
  readonly type: StorageType;
  readonly read: (index: number) => JsonValue;
}

export interface Tables {
  table(name: TableName): RecordTable;
  /** Whether the class has `__GlobalStamp`. */
  tracked(name: TableName): boolean;
}

/** Finds what a path of a filter or an order names: an attribute, `relation.attribute` for N→1, a property of an object. */
export function accessor(tables: Tables, table: RecordTable, path: string): Accessor {
  const { dataClass } = table;
  if (path === GLOBAL_STAMP && tables.tracked(dataClass.name)) return { type: 'long64', read: (index) => table.globalStamp(index) };
  const [name = '', ...rest] = path.split('.');
  const attribute = dataClass.attributes.find((each) => each.name === name);
  switch (attribute?.kind) {
    case 'storage':
    case 'calculated':
      return stored(table, attribute, rest);
    case 'relatedEntity':
      if (rest.length > 0) return related(tables, table, attribute, rest.join('.'));
      throw unreadable(`"${name}" is a relation: compare one of its attributes`);
    case 'relatedEntities':
      throw unreadable(`the sandbox cannot compare through "${name}", which leads to many entities`);
    case undefined:
      throw noAttribute(name, dataClass.name);
  }
}

function stored(table: RecordTable, { name, type }: StorageAttribute, rest: readonly string[]): Accessor {
  if (type === 'image') throw unreadable(`"${name}" is an image`);
  if (rest.length === 0) return { type, read: (index) => table.value(index, name) };
  if (type !== 'object') throw noAttribute(`${name}.${rest.join('.')}`, table.dataClass.name);
  return { type, read: (index) => rest.reduce(property, table.value(index, name)) };
}

function property(value: JsonValue, name: string): JsonValue {
  if (value === null || typeof value !== 'object' || value instanceof RawNumber || isArray(value)) return null;
  return value[name] ?? null;
}

function related(tables: Tables, table: RecordTable, relation: RelatedEntity, path: string): Accessor {
  const other = tables.table(relation.to);
  const { type, read } = accessor(tables, other, path);
  return {
    type,
    read: (index) => {
      const found = relatedIndex(table, other, relation, index);
      return found === undefined ? null : read(found);
    },
  };
}

/** The entity that a N→1 relation of a record leads to, if it lives. */
export function relatedIndex(table: RecordTable, other: RecordTable, relation: RelatedEntity, index: number): number | undefined {
  const key = table.value(index, relation.foreignKey);
  return typeof key === 'number' || typeof key === 'string' ? other.find(String(key)) : undefined;
}
