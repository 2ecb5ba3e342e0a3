import { closest } from '../../config/closest';
import type { ColumnType } from '../../sources/source';
import { doesNotFit } from './does-not-fit';
import { JsonColumn, jsonText, plainText } from './json-column';
import type { Cell, RawColumn } from './mapping';

export type Read = (source: readonly Cell[]) => Cell;

/** Where a source's value is found, and what it is. */
export interface SourceValue {
  readonly type: ColumnType;
  /** Its place in the row where it is a column as it stands; `null`: it is read out of JSON, or out of nothing. */
  readonly index: number | null;
  readonly read: Read;
}

export interface ValueWish {
  /** Where the wish stands, below `publish`. */
  readonly path: string;
  /** The type that it will have; JSON is read as JSON only where it stays that. */
  readonly type?: ColumnType | undefined;
  /** Without such a column there is never a value. */
  readonly optional?: boolean;
}

/** The raw columns that a mapping reads, in the order in which they were asked for. */
export class SourceColumns {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #json = new Map<number, JsonColumn>();

  constructor(private readonly raw: readonly RawColumn[]) {}

  /** A field, or a path into the JSON of one. Errors: config_error where the raw table has no such thing. */
  value(source: string, wish: ValueWish): SourceValue {
    const [first = '', ...inside] = this.#column(source) === undefined ? source.split('.') : [source];
    const column = this.#column(first);
    if (column === undefined) return wish.optional === true ? NOTHING : this.#unknown(first, wish.path);
    const index = this.#place(column);
    if (inside.length === 0) return { type: column.type, index, read: (row) => row[index] };
    if (column.type !== 'jsonb') throw doesNotFit(wish.path, `${first} is ${column.type}, and only JSON has parts such as ${source}`);
    const json = this.#jsonAt(index);
    if (wish.type === 'jsonb') return { type: 'jsonb', index: null, read: (row) => jsonText(json.at(row, inside)) };
    return { type: 'text', index: null, read: (row) => plainText(json.at(row, inside)) };
  }

  /** Whether the raw table has such a field, or the field whose part it is. */
  has(source: string): boolean {
    return this.#column(source) !== undefined || this.#column(source.split('.', 1)[0]!) !== undefined;
  }

  #column(field: string): RawColumn | undefined {
    return this.raw.find((column) => column.field === field);
  }

  #place({ name }: RawColumn): number {
    const place = this.#places.get(name) ?? this.names.push(name) - 1;
    this.#places.set(name, place);
    return place;
  }

  #jsonAt(index: number): JsonColumn {
    const json = this.#json.get(index) ?? new JsonColumn(index);
    this.#json.set(index, json);
    return json;
  }

  #unknown(field: string, path: string): never {
    const fields = this.raw.map((column) => column.field);
    const meant = closest(field, fields);
    throw doesNotFit(
      path,
      `the raw table has no field ${field} (yet): where the source may lack it, write { from: ${field}, optional: true, type: … }`,
      meant,
    );
  }
}

const NOTHING: SourceValue = { type: 'text', index: null, read: () => undefined };
