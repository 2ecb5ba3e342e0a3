import type { JsonObject } from '../json/decode';
import { shapeOf, type ObjectShape } from '../json/shape';
import { cellText, type CellRules } from './cell';
import type { Column } from './columns';
import { copyText, NULL } from '../database/copy-text';
import { columnReason, typeReason, type Reason } from './reason';
import { tooWide } from './row-limits';

/** Where the columns' values stand in objects of one shape. */
interface Places {
  /** By column; -1: the object has no such field. */
  readonly ofColumns: readonly number[];
  /** Fields without a column. */
  readonly others: readonly { readonly field: string; readonly at: number }[];
}

export interface Cells {
  /** COPY text by column. */
  readonly cells: readonly string[];
  /** Canonical texts that were found on the way. */
  readonly texts: (string | undefined)[];
}

/** Turns objects into the cells of a table's columns. */
export class CellReader {
  private readonly places = new WeakMap<ObjectShape, Places>();

  constructor(
    private readonly columns: readonly Column[],
    /** A field that needs no column. */
    private readonly besides: string | null,
    private readonly rules: CellRules,
  ) {}

  /** `prefix`: how reasons call the object. `plain`: nothing in its texts has to be escaped. */
  read(object: JsonObject, { prefix, plain }: { prefix: string; plain: boolean }, reasons: Reason[]): Cells {
    const { ofColumns, others } = this.placesIn(shapeOf(object));
    const values = Object.values(object);
    for (const { field, at } of others) {
      const value = values[at]!;
      if (value !== null) reasons.push(columnReason(prefix + field, value));
    }
    const [cells, texts]: [string[], (string | undefined)[]] = [[], new Array<undefined>(values.length).fill(undefined)];
    for (let i = 0; i < ofColumns.length; i++) {
      const at = ofColumns[i]!;
      const value = at < 0 ? null : values[at]!;
      const { type, field } = this.columns[i]!;
      const text = cellText(value, type, this.rules);
      cells.push(text === undefined ? '' : plain ? (text ?? NULL) : copyText(text));
      if (text === undefined) reasons.push(typeReason(prefix + field, value, type));
      // The text of numbers, and of anything in a jsonb column, is the canonical one.
      else if (text !== null && (typeof value === 'number' || typeof value === 'object')) texts[at] = text;
    }
    const wide = tooWide({ columns: this.columns, prefix }, cells);
    if (wide !== null) reasons.push(wide);
    return { cells, texts };
  }

  private placesIn(shape: ObjectShape): Places {
    const found = this.places.get(shape);
    if (found !== undefined) return found;
    const fields = new Set(this.columns.map(({ field }) => field));
    const places = {
      ofColumns: this.columns.map(({ field }) => shape.keys.indexOf(field)),
      others: shape.keys.flatMap((field, at) => (fields.has(field) || field === this.besides ? [] : [{ field, at }])),
    };
    this.places.set(shape, places);
    return places;
  }
}
