import type { PlainKey, PlainShape } from '../json/plain/key-path';
import type { Column } from './columns';

/** What follows from the names of an object's members for the columns of a table. */
export interface QuickShape {
  /** By column: the place of its value; -1: the object has no such field. */
  readonly ofColumns: readonly number[];
  /** Places of fields without a column: only NULL may stand there. */
  readonly others: readonly number[];
  /** The members that the row's hash is taken over, by key. */
  readonly content: readonly PlainKey[];
  /** Place of a field; -1 where the object has none. */
  at(field: string): number;
}

/** Remembers what was found of each shape. */
export class QuickShapes {
  private readonly known = new WeakMap<PlainShape, QuickShape>();

  /** `besides`: a field that needs no column. `leaveOut`: fields that are no content. */
  constructor(
    private readonly columns: readonly Column[],
    private readonly besides: string | null,
    private readonly leaveOut: ReadonlySet<string>,
  ) {}

  of(shape: PlainShape): QuickShape {
    const found = this.known.get(shape);
    if (found !== undefined) return found;
    const { keys, sorted } = shape;
    const fields = new Set(this.columns.map(({ field }) => field));
    const places = new Map(keys.map((key, at) => [key, at]));
    const at = (field: string): number => places.get(field) ?? -1;
    const quick: QuickShape = {
      ofColumns: this.columns.map(({ field }) => at(field)),
      others: keys.flatMap((key, place) => (fields.has(key) || key === this.besides ? [] : [place])),
      content: sorted.filter(({ key }) => !this.leaveOut.has(key)),
      at,
    };
    this.known.set(shape, quick);
    return quick;
  }
}
