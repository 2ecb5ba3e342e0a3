import { recordText, scalarText } from '../json-text';
import type { Position } from './cursors';
import { refused } from './errors';
import type { SquareAnswer } from './errors';
import { Fields } from './fields';
import { listAnswer, pageSize, positionOf, wholeAnswer } from './list-answer';
import type { Row } from './list-answer';
import { orderCustomer, orderLocation, orderSource, orderState } from './orders';
import { ordersQuery } from './orders-query';
import type { OrdersQuery } from './orders-query';
import { bodyFields } from './request';
import type { SquareRequest } from './request';
import type { SquareState } from './state';
import type { Version } from './table';
import { walk } from './walk';
import type { Place } from './walk';

const MOST_IDS = 100;

/** What the filters look at. */
interface Filtered {
  readonly location: string;
  readonly state: string;
  readonly source: string;
  readonly customer: string | undefined;
}

/** Answers a search of orders. */
export function searchOrders(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  const query = ordersQuery(state, new Fields(bodyFields(request)));
  const position = positionOf(state, request, () => start(state, query));
  const size = pageSize(state, position.page, query.limit);
  return listAnswer(
    state,
    request,
    { name: query.entries ? 'order_entries' : 'orders', rows: rows(state, query, position), position, size },
    again,
  );
}

/** The end that was not given is the time of the first request, for all pages. */
function start(state: SquareState, query: OrdersQuery): Omit<Position, 'page'> {
  const now = Math.floor(state.clock.now()) * 1000;
  const end = query.end ?? (query.ranged ? now : Number.MAX_SAFE_INTEGER);
  const first: Place =
    query.step === 1 ? { key: query.start ?? Number.MIN_SAFE_INTEGER, tie: -1 } : { key: end, tie: Number.MAX_SAFE_INTEGER };
  return { after: first, fixed: end };
}

function* rows(state: SquareState, query: OrdersQuery, position: Position): Generator<Row> {
  const at = state.clock.now();
  const { index: orders, table } = { index: state.orderIndex, table: state.tables.orders };
  for (const spot of walk(orders.seeded(query.field), orders.changes(query.field, at), position.after, query.step)) {
    if (spot.key > position.fixed || spot.key < (query.start ?? -Infinity)) return;
    const shown = table.shown(spot.index, at);
    if (shown === undefined || !wanted(query, filtered(state, spot.index, shown))) continue;
    const text = (): string => {
      const fields = table.fieldsOf(spot.index, shown);
      if (!query.entries) return recordText(fields);
      return recordText({ order_id: fields.id ?? null, version: fields.version ?? 1, location_id: fields.location_id ?? null });
    };
    yield { place: { key: spot.key, tie: spot.tie }, id: table.kind.idOf(spot.index), text };
  }
}

function filtered({ world }: SquareState, index: number, shown: Version | 'seed'): Filtered {
  if (shown !== 'seed') {
    const { location_id, state, source, customer_id } = shown.fields;
    const name = typeof source === 'object' && source !== null && 'name' in source ? scalarText(source.name) : '';
    return { location: scalarText(location_id), state: scalarText(state), source: name, customer: scalarText(customer_id) };
  }
  return {
    location: world.ids.locations.encode(orderLocation(world, index)),
    state: orderState(world, index),
    source: orderSource(world, index),
    customer: orderCustomer(world, index),
  };
}

function wanted({ locations, states, sources, customers }: OrdersQuery, order: Filtered): boolean {
  if (!locations.has(order.location)) return false;
  if (states !== undefined && !states.has(order.state)) return false;
  if (sources !== undefined && !sources.has(order.source)) return false;
  return customers === undefined || (order.customer !== undefined && customers.has(order.customer));
}

/** Answers a call for orders by id; what does not exist is left out. */
export function ordersById(state: SquareState, request: SquareRequest): SquareAnswer {
  const fields = new Fields(bodyFields(request)).only('location_id', 'order_ids');
  const ids = fields.texts('order_ids');
  if (ids === undefined) throw refused('MISSING_REQUIRED_PARAMETER', 'Missing required parameter.', 'order_ids');
  if (ids.length > MOST_IDS) throw refused('ARRAY_LENGTH_TOO_LONG', `Array must not be longer than ${MOST_IDS}.`, 'order_ids');
  const location = fields.text('location_id');
  const table = state.tables.orders;
  const found = ids.flatMap((id) => {
    const index = table.find(id);
    const shown = index === undefined ? undefined : table.shown(index);
    if (index === undefined || shown === undefined) return [];
    const order = table.fieldsOf(index, shown);
    return location === undefined || order.location_id === location ? [{ id, text: recordText(order) }] : [];
  });
  return wholeAnswer('orders', found);
}
