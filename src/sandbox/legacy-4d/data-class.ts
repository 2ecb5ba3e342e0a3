import type { JsonValue } from '../json-text';
import type { Keys } from './keys';

export const DATA_CLASSES = ['Artikel_Kategorie', 'Artikel_Familie', 'Artikel_Variante', 'Auftrag', 'Auftrag_Position'] as const;
export type DataClassName = (typeof DATA_CLASSES)[number];

/** The table of 4D's change tracking. */
export const DELETED_RECORDS = '__DeletedRecords';
export const GLOBAL_STAMP = '__GlobalStamp';
export type TableName = DataClassName | typeof DELETED_RECORDS;

export type StorageType = 'bool' | 'date' | 'duration' | 'image' | 'long' | 'long64' | 'number' | 'object' | 'string' | 'uuid' | 'word';

export interface StorageAttribute {
  readonly kind: 'storage' | 'calculated';
  readonly name: string;
  readonly type: StorageType;
  readonly indexed?: boolean;
  /** Written by the table's own trigger at every change: the day or the milliseconds of that day. */
  readonly touched?: 'date' | 'time';
  /** The value of a seeded record. A date is `2026-10-01` or '' (empty); an image is true or null. */
  readonly seeded: (index: number) => JsonValue;
}

/** N→1. */
export interface RelatedEntity {
  readonly kind: 'relatedEntity';
  readonly name: string;
  readonly to: DataClassName;
  /** The attribute of this class that holds the key of the other. */
  readonly foreignKey: string;
  readonly inverse: string;
}

/** 1→N. */
export interface RelatedEntities {
  readonly kind: 'relatedEntities';
  readonly name: string;
  readonly to: DataClassName;
  /** The attribute of the other class that holds the key of this one, and the relation that goes there. */
  readonly foreignKey: string;
  readonly path: string;
  /** The records of the other class that the seed puts under this one. */
  readonly seeded: (index: number) => Iterable<number>;
}

export type Attribute = StorageAttribute | RelatedEntity | RelatedEntities;

export interface DataClass {
  readonly name: TableName;
  readonly tableNumber: number;
  /** The attribute that is the primary key. */
  readonly key: string;
  readonly keys: Keys;
  /** Records that the seed makes. */
  readonly seeded: number;
  readonly attributes: readonly Attribute[];
}

export function isStorage(attribute: Attribute): attribute is StorageAttribute {
  return attribute.kind === 'storage' || attribute.kind === 'calculated';
}

export function storage(
  name: string,
  type: StorageType,
  seeded: (index: number) => JsonValue,
  more: { readonly indexed?: boolean; readonly touched?: 'date' | 'time' } = {},
): StorageAttribute {
  return { kind: 'storage', name, type, seeded, ...more };
}
