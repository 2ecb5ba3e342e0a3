import { rawNumber, type JsonObject, type JsonValue, type Sandbox, type SandboxRequest } from '../../src/sandbox';

/** What can happen at the source. `pick` names a living record by its place in the order of creation, modulo their number. */
export type SourceEvent =
  | { readonly kind: 'advance'; readonly millis: number }
  /** All with one timestamp: the clock stands still. */
  | { readonly kind: 'create'; readonly count: number }
  | { readonly kind: 'edit'; readonly pick: number; readonly patch: number }
  /** Only within a detail call: the very record that is being asked for. */
  | { readonly kind: 'edit-asked'; readonly patch: number }
  | { readonly kind: 'remove'; readonly pick: number }
  /** Becomes visible now with an older stamp: `part` thousandths of the lag ago; without pick a new record. */
  | { readonly kind: 'late'; readonly pick: number | null; readonly part: number }
  | { readonly kind: 'future'; readonly pick: number | null; readonly seconds: number }
  | { readonly kind: 'expire-token' }
  | { readonly kind: 'null-cursor'; readonly pick: number; readonly empty: boolean }
  | { readonly kind: 'beyond-lag'; readonly pick: number | null; readonly seconds: number };

const MOST_RECORDS = 40;
const LEAST_RECORDS = 1;

/**
 * Plays events on a sandbox within what a source can really do: an edit never carries an older stamp than a version before it, and a late
 * commit never the very stamp that its record has already.
 */
export class SourceDriver {
  readonly deleted = new Set<string>();
  /** Records that only a complete read can be asked to find. */
  readonly outOfReach = new Set<string>();
  /** Living records, and the greatest stamp that each ever carried. */
  private readonly stamps = new Map<string, number>();
  private edits = 0;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly lagSeconds: number,
  ) {
    for (const { id, detail } of sandbox.control.truth('invoices')) {
      const { last_modified_time: stamp } = JSON.parse(detail) as { last_modified_time: string };
      this.stamps.set(id, Math.floor(Date.parse(stamp) / 1000));
    }
  }

  apply(event: SourceEvent, request?: SandboxRequest): void {
    const { control } = this.sandbox;
    switch (event.kind) {
      case 'advance':
        return control.advanceClock(event.millis);
      case 'expire-token':
        return control.expireTokens();
      case 'create':
        for (let n = 0; n < event.count; n++) this.create(this.now());
        return;
      case 'edit':
        return this.edit(this.picked(event.pick), event.patch);
      case 'edit-asked':
        return this.edit(request?.recordId ?? null, event.patch);
      case 'remove':
        return this.remove(this.picked(event.pick));
      case 'late':
        return this.late(event);
      case 'future':
        return this.stamped(event.pick, this.now() + event.seconds);
      case 'null-cursor':
        return this.nullCursor(event);
      case 'beyond-lag':
        return this.beyondLag(event);
    }
  }

  private now(): number {
    return Math.floor(this.sandbox.control.now().getTime() / 1000);
  }

  private picked(pick: number): string | null {
    const living = [...this.stamps.keys()];
    return living.length === 0 ? null : living[pick % living.length]!;
  }

  private create(stamp: number): string | null {
    if (this.stamps.size >= MOST_RECORDS) return null;
    const id = this.sandbox.control.create('invoices', this.patch(this.edits), { lastModifiedTime: instant(stamp) });
    this.stamps.set(id, stamp);
    return id;
  }

  private edit(id: string | null, patch: number): void {
    const stamp = id === null ? undefined : this.stamps.get(id);
    if (id === null || stamp === undefined) return;
    this.write(id, patch, Math.max(this.now(), stamp));
  }

  private remove(id: string | null): void {
    if (id === null || this.stamps.size <= LEAST_RECORDS) return;
    this.sandbox.control.remove('invoices', id);
    this.stamps.delete(id);
    this.deleted.add(id);
  }

  private late({ pick, part }: { pick: number | null; part: number }): void {
    const stamp = this.now() - Math.floor((this.lagSeconds * part) / 1000);
    if (pick === null) this.lateCreate(stamp);
    else this.stamped(pick, stamp);
  }

  /** A new record was made in the second it is stamped with. */
  private lateCreate(stamp: number): string | null {
    if (this.stamps.size >= MOST_RECORDS) return null;
    const id = this.sandbox.control.lateCommit('invoices', { lastModifiedTime: instant(stamp), patch: this.patch(this.edits) });
    this.stamps.set(id, stamp);
    return id;
  }

  private stamped(pick: number | null, stamp: number): void {
    if (pick === null) {
      this.create(stamp);
      return;
    }
    const id = this.picked(pick);
    const held = id === null ? undefined : this.stamps.get(id);
    if (id === null || held === undefined) return;
    if (stamp > held) this.write(id, 0, stamp);
  }

  private nullCursor({ pick, empty }: { pick: number; empty: boolean }): void {
    const id = this.picked(pick);
    if (id === null) return;
    this.sandbox.control.edit('invoices', id, this.patch(0), { lastModifiedTime: empty ? '' : null });
    this.outOfReach.add(id);
  }

  private beyondLag({ pick, seconds }: { pick: number | null; seconds: number }): void {
    const stamp = this.now() - this.lagSeconds - seconds;
    const id = pick === null ? null : this.picked(pick);
    const held = id === null ? undefined : this.stamps.get(id);
    if (id === null || held === undefined || held >= stamp) {
      const made = this.lateCreate(stamp);
      if (made !== null) this.outOfReach.add(made);
      return;
    }
    this.write(id, 0, stamp);
    this.outOfReach.add(id);
  }

  private write(id: string, patch: number, stamp: number): void {
    this.sandbox.control.edit('invoices', id, this.patch(patch), { lastModifiedTime: instant(stamp) });
    this.stamps.set(id, stamp);
  }

  /** No two are alike, so that an edit that did not arrive is seen; the last kind changes nothing but the time. */
  private patch(kind: number): JsonObject {
    const n = ++this.edits;
    const notes = `edit ${n}`;
    switch (kind % 7) {
      case 1:
        return { notes, total: rawNumber(`${n}.10`), balance: rawNumber('0.0') };
      case 2:
        return { notes, line_items: lines(n, n % 4) };
      case 3:
        return { notes, line_items: [], due_date: '' };
      case 4:
        return { notes, exchange_rate: rawNumber(`0.1000000000000000${n}`) };
      case 5:
        return n % 2 === 0 ? { notes, cf_made_up_text: `text ${n}` } : { notes, cf_made_up_number: rawNumber(`${n}.5`) };
      case 6:
        return {};
      default:
        return { notes, reference_number: n % 2 === 0 ? '' : `R-${n}` };
    }
  }
}

function lines(n: number, count: number): JsonValue {
  return Array.from({ length: count }, (_, index) => ({
    line_item_id: `9007199254740993${n}${index}`,
    item_id: '',
    name: `Line ${index + 1} of edit ${n}`,
    item_order: index + 1,
    rate: rawNumber(`${n}.05`),
    quantity: rawNumber('1.00'),
    item_total: rawNumber(`${n}.05`),
    tags: [],
  }));
}

function instant(seconds: number): Date {
  return new Date(seconds * 1000);
}
