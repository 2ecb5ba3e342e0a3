import { notImplemented, refused } from './errors';
import type { Fields } from './fields';
import { SORT_FIELDS } from './order-index';
import type { SortField } from './order-index';
import type { SquareState } from './state';
import type { Step } from './walk';

export interface OrdersQuery {
  readonly locations: ReadonlySet<string>;
  readonly field: SortField;
  readonly step: Step;
  /** Bounds in microseconds, both inclusive. */
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** Whether there is a range: then a missing end is the time of the first request. */
  readonly ranged: boolean;
  readonly states: ReadonlySet<string> | undefined;
  readonly customers: ReadonlySet<string> | undefined;
  readonly sources: ReadonlySet<string> | undefined;
  readonly limit: number;
  readonly entries: boolean;
}

const MOST_LOCATIONS = 10;
const RANGES = { created_at: 'CREATED_AT', updated_at: 'UPDATED_AT', closed_at: 'CLOSED_AT' } as const;
const STATES = ['OPEN', 'COMPLETED', 'CANCELED', 'DRAFT'];

/** Reads the body of a search; refuses what Square refuses. */
export function ordersQuery(state: SquareState, body: Fields): OrdersQuery {
  body.only('location_ids', 'cursor', 'query', 'limit', 'return_entries');
  const query = body.object('query')?.only('filter', 'sort');
  const filter = query
    ?.object('filter')
    ?.only('date_time_filter', 'state_filter', 'customer_filter', 'source_filter', 'fulfillment_filter');
  if (filter?.has('fulfillment_filter') === true) throw notImplemented('fulfillment_filter');
  const sort = query?.object('sort')?.only('sort_field', 'sort_order');
  const field = sortField(sort);
  return {
    locations: locations(state, body),
    field,
    step: sortStep(sort),
    ...range(filter?.object('date_time_filter'), field),
    states: chosen(filter?.object('state_filter'), 'states', STATES),
    customers: chosen(filter?.object('customer_filter'), 'customer_ids'),
    sources: chosen(filter?.object('source_filter'), 'source_names'),
    limit: body.limit(500, 1000),
    entries: body.flag('return_entries'),
  };
}

function locations(state: SquareState, body: Fields): ReadonlySet<string> {
  const ids = body.texts('location_ids');
  if (ids === undefined) throw refused('MISSING_REQUIRED_PARAMETER', 'At least one location id is required.', 'location_ids');
  if (ids.length === 0) throw refused('ARRAY_EMPTY', 'Array must not be empty.', 'location_ids');
  if (ids.length > MOST_LOCATIONS) {
    throw refused('ARRAY_LENGTH_TOO_LONG', `Array must not be longer than ${MOST_LOCATIONS}.`, 'location_ids');
  }
  const stranger = ids.find((id) => state.tables.locations.find(id) === undefined);
  if (stranger !== undefined) throw refused('INVALID_VALUE', `There is no location ${stranger}.`, 'location_ids');
  return new Set(ids);
}

function sortField(sort: Fields | undefined): SortField {
  const asked = sort?.text('sort_field');
  if (sort === undefined) return 'CREATED_AT';
  const field = SORT_FIELDS.find((known) => known === asked);
  if (field === undefined) throw refused('INVALID_ENUM_VALUE', `There is no sort field ${String(asked)}.`, 'query.sort.sort_field');
  return field;
}

function sortStep(sort: Fields | undefined): Step {
  const asked = sort?.text('sort_order') ?? 'DESC';
  if (asked !== 'ASC' && asked !== 'DESC') throw refused('INVALID_SORT_ORDER', 'Sort order must be ASC or DESC.', 'query.sort.sort_order');
  return asked === 'ASC' ? 1 : -1;
}

function range(filter: Fields | undefined, field: SortField): Pick<OrdersQuery, 'start' | 'end' | 'ranged'> {
  filter?.only(...Object.keys(RANGES));
  const named = (Object.keys(RANGES) as (keyof typeof RANGES)[]).filter((name) => filter?.has(name));
  const [name] = named;
  if (filter === undefined || name === undefined) return { start: undefined, end: undefined, ranged: false };
  const at = 'query.filter.date_time_filter';
  if (named.length > 1) throw refused('CONFLICTING_PARAMETERS', 'Only one time range may be given.', at);
  if (RANGES[name] !== field) {
    throw refused('BAD_REQUEST', `The sort field must be ${RANGES[name]}, the field of the time range.`, 'query.sort.sort_field');
  }
  const bounds = filter.object(name)?.only('start_at', 'end_at');
  const [start, end] = [bounds?.instant('start_at'), bounds?.instant('end_at')];
  if (start !== undefined && end !== undefined && start > end) {
    throw refused('INVALID_TIME_RANGE', 'The end of the time range is before its start.', at);
  }
  return { start, end, ranged: true };
}

function chosen(filter: Fields | undefined, key: string, known?: readonly string[]): ReadonlySet<string> | undefined {
  const values = filter?.only(key).texts(key);
  const stranger = known && values?.find((value) => !known.includes(value));
  if (stranger !== undefined) throw refused('INVALID_ENUM_VALUE', `There is no value ${stranger}.`, key);
  return values === undefined ? undefined : new Set(values);
}
