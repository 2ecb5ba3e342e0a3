import type { Source, SourceConnection } from '../source';
import { ZohoClient } from './client';
import { contacts } from './entities/contacts';
import { invoices } from './entities/invoices';
import { items } from './entities/items';
import { ZOHO_LIMITS, zohoSettings } from './settings';

/** Zoho Books v3. All its times carry an offset; `date` fields are days of the organization. */
export const zohoBooks = {
  type: 'zoho-books',
  title: 'Zoho Books',
  limits: ZOHO_LIMITS,
  zone: 'UTC',
  clock: 'date_header',
  entities: { contacts, items, invoices },
  open: (connection: SourceConnection) => new ZohoClient(zohoSettings(connection)),
} as const satisfies Source;
