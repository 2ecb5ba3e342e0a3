import type { Database } from '../database/database';
import { heldRows, isKnown } from '../extract/held-rows';
import type { DryPage } from '../extract/dry-read';
import type { DryCounts, DryLoad } from '../load/dry-load';
import type { EntityDefinition } from '../sources/source';

export interface DryTarget {
  readonly definition: EntityDefinition;
  readonly target: { readonly schema: string; readonly table: string };
  readonly load: DryLoad;
  /** ISO; where the source has no clock. */
  readonly now: string;
}

export interface DryTold {
  readonly known: number;
  readonly details: { readonly new: number; readonly changed: number } | null;
  readonly counts: DryCounts | null;
}

/** Counts, page by page, what a run would do with the rows of a list. */
export class DryTally {
  private known = 0;
  private fresh = 0;
  private changed = 0;

  constructor(
    private readonly db: Database,
    private readonly of: DryTarget,
  ) {}

  async take({ rows, records, answeredAt }: DryPage): Promise<void> {
    const { definition, load, now } = this.of;
    if (definition.detail !== null) await this.decide(rows);
    else if (records.length > 0) await load.take(records, answeredAt ?? now);
  }

  /** Where the list is an index, a run asks for each record that it does not hold in this version. */
  private async decide(rows: DryPage['rows']): Promise<void> {
    const { definition, target } = this.of;
    const held = await heldRows(
      this.db,
      target,
      rows.map(({ id }) => id),
    );
    for (const row of rows) {
      if (isKnown(held.get(row.id), row, definition.settleMs)) this.known++;
      else if (held.has(row.id)) this.changed++;
      else this.fresh++;
    }
  }

  told(): DryTold {
    const { definition, load } = this.of;
    if (definition.detail === null) return { known: 0, details: null, counts: load.counts };
    return { known: this.known, details: { new: this.fresh, changed: this.changed }, counts: null };
  }
}
