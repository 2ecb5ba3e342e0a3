import { AffineOrder } from '../affine-order';
import type { JsonValue } from '../json-text';
import { mix } from './hash';
import { DATA_CLASSES, storage } from './data-class';
import type { DataClassName, StorageAttribute } from './data-class';
import { Grouping } from './grouping';
import { LongKeys, UuidKeys } from './keys';
import type { Keys } from './keys';
import { linesBefore } from './order-lines';
import { SeededStamps } from './seeded-stamps';

/** How many records of each class; lines follow from the orders. */
export type Counts = Readonly<Record<Exclude<DataClassName, 'Auftrag_Position'>, number>>;

const DAY_MS = 86_400_000;
const STREAMS: Readonly<Record<DataClassName, number>> = {
  Artikel_Kategorie: 1,
  Artikel_Familie: 2,
  Artikel_Variante: 3,
  Auftrag: 4,
  Auftrag_Position: 5,
};

/** Everything that seeded records are computed from. Immutable: changes are held by the tables. */
export class World {
  readonly sizes: Readonly<Record<DataClassName, number>>;
  readonly keys: Readonly<Record<DataClassName, Keys>>;
  readonly stamps: Readonly<Record<DataClassName, SeededStamps>>;
  readonly categoryOfFamily: Grouping;
  readonly familyOfVariant: Grouping;

  /** `endMs`: the newest modification a seeded record may carry. */
  constructor(
    readonly seed: number,
    counts: Counts,
    readonly endMs: number,
  ) {
    this.sizes = { ...counts, Auftrag_Position: linesBefore(counts.Auftrag) };
    this.keys = eachClass((name) => this.#keysOf(name));
    let before = 0;
    this.stamps = eachClass((name) => {
      const stamps = new SeededStamps(seed, STREAMS[name], { count: this.sizes[name], before, endMs });
      before += this.sizes[name];
      return stamps;
    });
    this.categoryOfFamily = new Grouping(seed, 11, counts.Artikel_Familie, counts.Artikel_Kategorie);
    this.familyOfVariant = new Grouping(seed, 12, counts.Artikel_Variante, counts.Artikel_Familie);
  }

  /** Records of all classes together: as many global stamps are given. */
  get total(): number {
    return Object.values(this.sizes).reduce((sum, size) => sum + size, 0);
  }

  hash(name: DataClassName, index: number, salt: number): number {
    return mix(this.seed, STREAMS[name], index, salt);
  }

  pick<T>(values: readonly T[], name: DataClassName, index: number, salt: number): T {
    return values[this.hash(name, index, salt) % values.length] as T;
  }

  /** Day on which a record was made: never decreases with the index. */
  made(name: DataClassName, index: number): string {
    const days = Math.floor((index * 1400) / Math.max(1, this.sizes[name]));
    return dayText(this.endMs - (2200 - Math.min(days, 1400)) * DAY_MS);
  }

  /** A day in the year before the end. */
  day(name: DataClassName, index: number, salt: number): string {
    return dayText(this.endMs - (this.hash(name, index, salt) % 365) * DAY_MS);
  }

  /** What a German database keeps of a record's life: the day it was made, the day and the time of its last change. */
  lifeOf(name: DataClassName): StorageAttribute[] {
    const modified = (index: number): number => this.stamps[name].modified(index);
    return [
      storage('Angelegt', 'date', (index) => this.made(name, index)),
      storage('Geaendert', 'date', (index) => dayText(modified(index)), { touched: 'date' }),
      storage('Geaendert_Zeit', 'duration', (index) => modified(index) % DAY_MS, { touched: 'time' }),
    ];
  }

  keyAttribute(name: DataClassName, attribute: string): StorageAttribute {
    const keys = this.keys[name];
    return storage(attribute, keys.type, (index): JsonValue => keys.encode(index), { indexed: true });
  }

  #keysOf(name: DataClassName): Keys {
    const stream = STREAMS[name];
    if (name !== 'Auftrag_Position') return new LongKeys(this.seed, stream);
    return new UuidKeys(this.seed, stream, new AffineOrder(this.seed, 20 + stream, this.sizes[name]));
  }
}

const dayTexts = new Map<number, string>();

/** `2026-10-01` in UTC; remembered, because records crowd into few days and `Date` is slow. */
export function dayText(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  let text = dayTexts.get(day);
  if (text === undefined) {
    text = new Date(day * DAY_MS).toISOString().slice(0, 10);
    if (dayTexts.size < 5000) dayTexts.set(day, text);
  }
  return text;
}

function eachClass<T>(make: (name: DataClassName) => T): Record<DataClassName, T> {
  return Object.fromEntries(DATA_CLASSES.map((name) => [name, make(name)])) as Record<DataClassName, T>;
}
