import { createHash } from 'node:crypto';
import { FreshetError } from '../../domain/errors';
import { formatInstant, parseInstant } from '../../domain/instant';
import { printable } from '../../observability/printable';
import type { ListRequest } from '../source';
import { catalog, categories, variations } from './entities/catalog';
import { inventory } from './entities/inventory';
import { orders } from './entities/orders';

type Body = Readonly<Record<string, unknown>>;

/** One request of the API. */
export interface SquareCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body | null;
  /** SHA-256 over method, path, query and body: equal for the same question, free of secrets. */
  readonly digest: string;
}

/** Before Square existed: a range without beginning would also drop the sort by time. */
const BEGINNING = '2000-01-01T00:00:00.000Z';
const MILLISECOND = 1_000n;

const OBJECT_TYPES = new Map<string, string>([
  ['catalog', 'ITEM'],
  ['variations', 'ITEM_VARIATION'],
  ['categories', 'CATEGORY'],
]);

const FILTERS = new Map<string, readonly string[]>([
  ['orders', ['state']],
  ['inventory', ['state']],
]);

function misuse(code: string, message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code, message, remedy });
}

function callOf(parts: Omit<SquareCall, 'digest' | 'query' | 'body'> & Partial<Pick<SquareCall, 'query' | 'body'>>): SquareCall {
  const { method, path, query = {}, body = null } = parts;
  const asked = JSON.stringify([method, path, Object.entries(query).sort(), body]);
  return { method, path, query, body, digest: createHash('sha256').update(asked).digest('hex') };
}

/** A bound in Square's milliseconds, rounded down; for an exclusive filter one earlier, so that a row with exactly this time comes back. */
export function boundText(from: string, boundary: 'inclusive' | 'exclusive'): string {
  const instant = parseInstant(from);
  if (instant === null)
    throw misuse('bound-unreadable', `"${printable(from, 60)}" is no time to read from`, 'Give it as 2026-10-07T00:00:00Z.');
  const step = boundary === 'exclusive' ? MILLISECOND : 0n;
  return `${formatInstant(instant.micros - step).slice(0, 23)}Z`;
}

function checkFilters({ entity, filters }: ListRequest): void {
  const known = FILTERS.get(entity) ?? [];
  const wrong = Object.keys(filters).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  throw misuse(
    'filter-unsupported',
    `Square's ${entity} cannot be filtered by ${printable(wrong, 60)}`,
    known.length === 0 ? 'Remove the filters of the entity.' : `Use ${known.join(', ')}, or remove the filter.`,
  );
}

const cursorOf = ({ position }: ListRequest): Body => (position === null ? {} : { cursor: String(position['cursor']) });

function ordersCall(request: ListRequest, limit: number): SquareCall {
  const { from, to, partitions, filters } = request;
  const range = {
    start_at: from === null ? BEGINNING : boundText(from, orders.cursor.boundary),
    ...(to === null ? {} : { end_at: boundText(to, 'inclusive') }),
  };
  const state = filters['state'];
  const body = {
    location_ids: partitions,
    limit,
    return_entries: false,
    query: {
      filter: { date_time_filter: { updated_at: range }, ...(state === undefined ? {} : { state_filter: { states: [String(state)] } }) },
      sort: { sort_field: 'UPDATED_AT', sort_order: 'ASC' },
    },
    ...cursorOf(request),
  };
  return callOf({ method: 'POST', path: '/v2/orders/search', body });
}

function catalogCall(request: ListRequest, type: string, limit: number): SquareCall {
  const { from, position } = request;
  if (from === null) {
    const query = { types: type, ...(position === null ? {} : { cursor: String(position['cursor']) }) };
    return callOf({ method: 'GET', path: '/v2/catalog/list', query });
  }
  const body = {
    object_types: [type],
    begin_time: boundText(from, catalog.cursor.boundary),
    include_deleted_objects: true,
    limit,
    ...cursorOf(request),
  };
  return callOf({ method: 'POST', path: '/v2/catalog/search', body });
}

function inventoryCall(request: ListRequest, limit: number): SquareCall {
  const { from, filters } = request;
  const state = filters['state'];
  const body = {
    limit,
    ...(state === undefined ? {} : { states: [String(state)] }),
    ...(from === null ? {} : { updated_after: boundText(from, inventory.cursor.boundary) }),
    ...cursorOf(request),
  };
  return callOf({ method: 'POST', path: '/v2/inventory/counts/batch-retrieve', body });
}

/** One page of a list, of at most `limit` records where Square lets the caller say so. Errors: `config_error` for what Square cannot be asked. */
export function listCall(request: ListRequest, limit: number): SquareCall {
  checkFilters(request);
  if (request.to !== null && request.entity !== 'orders')
    throw misuse('bound-unsupported', `Square cannot list ${request.entity} up to a time`, `Read ${request.entity} without that bound.`);
  if (request.entity === 'locations') return callOf({ method: 'GET', path: '/v2/locations' });
  if (request.entity === 'orders') return ordersCall(request, limit);
  if (request.entity === 'inventory') return inventoryCall(request, limit);
  const type = OBJECT_TYPES.get(request.entity);
  if (type !== undefined) return catalogCall(request, type, limit);
  throw misuse(
    'entity-unknown',
    `Square has no entity ${printable(request.entity, 60)} here`,
    `Use one of locations, orders, inventory, ${[...OBJECT_TYPES.keys()].join(', ')} in the pipeline file.`,
  );
}

/** One record by its id. Errors: `config_error` for what Square has no such call for. */
export function detailCall(entity: string, id: string): SquareCall {
  if (entity === 'orders') return callOf({ method: 'POST', path: '/v2/orders/batch-retrieve', body: { order_ids: [id] } });
  if (OBJECT_TYPES.has(entity)) return callOf({ method: 'POST', path: '/v2/catalog/batch-retrieve', body: { object_ids: [id] } });
  throw misuse('entity-unknown', `Square has no call for a single record of ${printable(entity, 60)}`, 'Read the whole entity instead.');
}

/** Where each entity's records stand in an answer. */
export const RECORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({ locations: { recordsPath: ['locations'] }, orders, inventory, catalog, variations, categories }).map(
    ([name, { recordsPath }]) => [name, recordsPath[0]],
  ),
);
