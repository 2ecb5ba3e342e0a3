import { AffineOrder } from './affine-order';
import { mix } from './random';
import { RecordIds } from './record-ids';
import { OFFSETS } from './timestamps';
import { Timeline } from './timeline';

export const ENTITIES = ['contacts', 'items', 'invoices'] as const;
export type EntityName = (typeof ENTITIES)[number];
export type Counts = Readonly<Record<EntityName, number>>;

/** Streams of randomness, also the digit that marks the ids of a kind. */
export const STREAMS = { contacts: 1, items: 2, invoices: 3, lines: 4, persons: 5, settings: 6 } as const;

/** Instants of one record in epoch seconds. */
export interface RecordTimes {
  readonly created: number;
  readonly modified: number;
}

/** Everything that seeded records are computed from. Immutable: changes are held by the entity tables. */
export class World {
  readonly #settingsIds: string[] = [];
  readonly ids: Readonly<Record<keyof typeof STREAMS, RecordIds>>;
  readonly timelines: Readonly<Record<EntityName, Timeline>>;
  readonly names: Readonly<Record<'contacts' | 'items', AffineOrder>>;

  /** `endSeconds`: the newest instant a seeded record may carry, also "today" for overdue invoices. */
  constructor(
    readonly seed: number,
    readonly counts: Counts,
    readonly endSeconds: number,
    readonly organizationId: string,
  ) {
    const ids = (stream: number): RecordIds => new RecordIds(seed, stream);
    const timeline = (entity: EntityName): Timeline => new Timeline(seed, STREAMS[entity], counts[entity], endSeconds);
    this.ids = {
      contacts: ids(1),
      items: ids(2),
      invoices: ids(3),
      lines: ids(4),
      persons: ids(5),
      settings: ids(6),
    };
    this.timelines = { contacts: timeline('contacts'), items: timeline('items'), invoices: timeline('invoices') };
    this.names = { contacts: new AffineOrder(seed, 1, counts.contacts), items: new AffineOrder(seed, 2, counts.items) };
  }

  hash(stream: number, index: number, salt: number): number {
    return mix(this.seed, stream, index, salt);
  }

  /** Minutes east of UTC in which a record's times are written; the salt tells creation from modification. */
  offset(stream: number, index: number, salt: number): number {
    return OFFSETS[this.hash(stream, index, salt) % OFFSETS.length] as number;
  }

  /** Id of the n-th thing of the organization's settings: currency, tax, account, template, custom field. */
  settingsId(n: number): string {
    return (this.#settingsIds[n] ??= this.ids.settings.encode(n));
  }
}
