import type { PublishSettings } from '../../config/schema/publish';
import type { ColumnType } from '../../sources/source';
import { doesNotFit } from './does-not-fit';
import type { Findings } from './findings';
import type { Cell, Lookup, Target } from './mapping';
import type { SourceColumns } from './source-columns';

/** Does one thing to a row that is being made. */
export type Step = (source: readonly Cell[], cells: Cell[], row: RowSurroundings) => void;

/** What a step may use beside the cells. */
export interface RowSurroundings {
  readonly findings: Findings;
  readonly looked: readonly Cell[];
}

/** A target while the mapping is compiled: its type changes with what is done to it. */
export interface Slot {
  readonly name: string;
  readonly at: number;
  type: ColumnType;
  /** What the file says it is in the end. */
  readonly declared: ColumnType | undefined;
}

export interface PlanSurroundings {
  readonly columns: SourceColumns;
  readonly zone: string;
  readonly missing: PublishSettings['missing'];
  /** By entity: what the other entities of the pipeline publish. */
  readonly published: Readonly<Record<string, PublishSettings>>;
}

/** The targets of a mapping and what fills them, in the making. */
export class RowPlan {
  readonly slots: Slot[] = [];
  readonly steps: Step[] = [];
  readonly lookups: Lookup[] = [];

  constructor(readonly surroundings: PlanSurroundings) {}

  /** A target that nothing has filled yet; `path` is below `publish`. */
  add(name: string, type: ColumnType, { path, declared }: { readonly path: string; readonly declared?: ColumnType | undefined }): Slot {
    if (this.find(name) !== undefined) throw doesNotFit(path, `${name} is filled twice`);
    const slot = { name, at: this.slots.length, type, declared };
    this.slots.push(slot);
    return slot;
  }

  find(name: string): Slot | undefined {
    return this.slots.find((slot) => slot.name === name);
  }

  /** A target that must be there by now. */
  slot(name: string, path: string): Slot {
    const slot = this.find(name);
    if (slot === undefined) throw doesNotFit(path, `${name} is no target of this mapping so far`);
    return slot;
  }

  get targets(): readonly Target[] {
    return this.slots.map(({ name, type, declared }) => ({ name, type: declared ?? type }));
  }
}
