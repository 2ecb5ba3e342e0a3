import { systemClock, type Clock } from '../../src/http/clock';
import { sources } from '../../src/sources';
import { Legacy4dClient } from '../../src/sources/legacy-4d/client';
import { legacy4dSettings } from '../../src/sources/legacy-4d/settings';
import type { Source } from '../../src/sources/source';
import { SquareClient } from '../../src/sources/square/client';
import { squareSettings } from '../../src/sources/square/settings';
import { ZohoClient } from '../../src/sources/zoho-books/client';
import { zohoBooks } from '../../src/sources/zoho-books/definition';
import { ENDPOINTS } from '../../src/sources/zoho-books/endpoints';
import { zohoSettings } from '../../src/sources/zoho-books/settings';

/** Pauses between attempts take no time; leases and longer waits keep theirs. */
const impatient: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 4_500 ? Math.min(ms, 2) : ms, signal),
};

/** Every source with pages so small that a few records make several, and no pauses. */
export function smallPages(): typeof sources {
  const paging = { kind: 'number', pageSize: 8 } as const;
  const endpoints = new Map([...ENDPOINTS].map(([name, endpoint]) => [name, { ...endpoint, entity: { ...endpoint.entity, paging } }]));
  const entities = Object.fromEntries(Object.entries(zohoBooks.entities).map(([name, entity]) => [name, { ...entity, paging }]));
  const zoho: Source = { ...zohoBooks, entities, open: (to) => new ZohoClient({ ...zohoSettings(to), fetchClock: impatient }, endpoints) };
  return {
    ...sources,
    'zoho-books': zoho as (typeof sources)['zoho-books'],
    square: { ...sources.square, open: (to) => new SquareClient({ ...squareSettings(to), fetchClock: impatient }, 12) },
    'legacy-4d': {
      ...sources['legacy-4d'],
      open: (to) => new Legacy4dClient({ ...legacy4dSettings(to), fetchClock: impatient, pageSize: 9 }),
    },
  };
}
