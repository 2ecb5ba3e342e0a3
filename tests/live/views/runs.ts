import type { LiveEntity, LiveRun } from '../../../src/client/live/live-facts';

/** An entity that has not begun, but for what is given. */
export function entity(given: Partial<LiveEntity> & Pick<LiveEntity, 'entity'>): LiveEntity {
  return {
    state: 'waiting',
    dependsOn: [],
    doubts: [],
    held_reason: null,
    skipped_reason: null,
    error_code: null,
    error_message: null,
    error_remedy: null,
    wait_reason: null,
    wait_until: null,
    started_at: null,
    completed_at: null,
    rate: null,
    published: null,
    pages: 0,
    listed: 0,
    known: 0,
    fetched: 0,
    remaining: 0,
    landed: 0,
    inserted: 0,
    updated: 0,
    revived: 0,
    unchanged: 0,
    undone: 0,
    deleted: 0,
    rejected: 0,
    undetailed: 0,
    ...given,
  };
}

export function run(entities: readonly LiveEntity[], given: Partial<LiveRun> = {}): LiveRun {
  return {
    id: '202611221401-SYNC-765151E9',
    pipeline: 'zoho-books',
    state: 'running',
    reason: null,
    error_message: null,
    wait_reason: null,
    wait_until: null,
    started_at: '2026-11-22T14:01:00.000000Z',
    completed_at: null,
    report_path: null,
    now: '2026-11-22T14:01:12.000000Z',
    zone: 'UTC',
    entities,
    ...given,
  };
}

const began = '2026-11-22T14:01:00.000000Z';
const at = (second: string): string => `2026-11-22T14:01:${second}.000000Z`;

export const contacts = entity({
  entity: 'contacts',
  state: 'completed',
  pages: 6,
  listed: 1_200,
  fetched: 1_200,
  landed: 1_200,
  inserted: 1_200,
  rate: 240,
  started_at: began,
  completed_at: at('05'),
});
const items = entity({ entity: 'items', state: 'loading', pages: 3, listed: 580, fetched: 580, landed: 200, rate: 290, started_at: began });
const invoices = entity({
  entity: 'invoices',
  state: 'extracting',
  dependsOn: ['contacts', 'items'],
  pages: 43,
  listed: 8_000,
  fetched: 75,
  remaining: 7_925,
  rate: 6.25,
  started_at: began,
});
const bills = entity({ entity: 'bills', dependsOn: ['contacts', 'items'] });

/** Four entities, each somewhere else. */
export const going = run([contacts, items, invoices, bills]);

/** One waits for its source, one is tried again. */
export const waiting = run([
  contacts,
  { ...items, wait_reason: 'trying again: GET http://127.0.0.1/items got no answer: the connection was reset (ECONNRESET)' },
  { ...invoices, wait_reason: 'waiting for Zoho Books: its calls of the day are used up', wait_until: '2026-11-22T14:32:00.000000Z' },
  bills,
]);

const refused = {
  state: 'failed',
  error_code: 'zoho-credentials-refused',
  error_message: 'https://accounts.zoho.com refuses the credentials of the source: invalid_code',
  error_remedy:
    'Check ZOHO_BOOKS_REFRESH_TOKEN (config/sources.yaml refers to it), and that the accounts host is that of your data centre.',
  started_at: began,
  completed_at: at('02'),
} as const;

/** The first error has come, the rest goes on. */
export const failing = run([
  { ...entity({ entity: 'contacts' }), ...refused },
  items,
  entity({ entity: 'invoices', dependsOn: ['contacts', 'items'] }),
]);

const itemsDone = { ...items, state: 'completed', landed: 580, inserted: 579, updated: 1, completed_at: at('02') } as const;

export const completed = run(
  [
    contacts,
    itemsDone,
    {
      ...invoices,
      state: 'completed',
      pages: 1,
      listed: 1,
      fetched: 1,
      remaining: 0,
      rate: 2,
      unchanged: 1,
      landed: 1,
      completed_at: at('03'),
    },
  ],
  { state: 'completed', completed_at: at('06'), report_path: '/reports/sync' },
);

/** Every end that an entity can have. */
export const mixed = run(
  [
    { ...entity({ entity: 'contacts' }), ...refused },
    { ...itemsDone, doubts: [{ message: 'The source lists nothing, while the table holds 580 rows' }] },
    entity({ entity: 'invoices', state: 'skipped', skipped_reason: 'contacts failed', completed_at: at('03') }),
    entity({
      entity: 'bills',
      state: 'held',
      held_reason: 'quota until 2026-11-23 00:01 UTC',
      fetched: 100,
      pages: 4,
      started_at: began,
      completed_at: at('05'),
    }),
    entity({ entity: 'journals', state: 'cancelled', completed_at: at('05') }),
  ],
  { state: 'partial', completed_at: at('06'), report_path: '/reports/sync' },
);
