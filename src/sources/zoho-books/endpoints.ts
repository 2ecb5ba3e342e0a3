import type { EntityDefinition } from '../source';
import { contacts } from './entities/contacts';
import { invoices } from './entities/invoices';
import { items } from './entities/items';

export type Query = Readonly<Record<string, string | number | boolean>>;

/** An entity and what only Zoho's requests need to know of it. */
export interface Endpoint {
  readonly entity: EntityDefinition & { readonly paging: { readonly kind: 'number' } };
  /** What every list asks besides its page: hidden states included, sorted by creation where Zoho offers that. */
  readonly query: Query;
  /** Key of the record in the answer to the detail call. */
  readonly detailKey: string;
}

/** By name of the entity. The documented sorts of items are name, rate and tax name only, all of which people edit. */
export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  [
    'contacts',
    { entity: contacts, query: { filter_by: 'Status.All', sort_column: 'created_time', sort_order: 'A' }, detailKey: 'contact' },
  ],
  ['items', { entity: items, query: { filter_by: 'Status.All', sort_column: 'name', sort_order: 'A' }, detailKey: 'item' }],
  ['invoices', { entity: invoices, query: { sort_column: 'created_time', sort_order: 'A' }, detailKey: 'invoice' }],
]);
