import { recordText } from '../json-text';
import type { JsonObject } from '../json-text';
import type { Position } from './cursors';
import { refused } from './errors';
import type { SquareAnswer } from './errors';
import { Fields } from './fields';
import { instantText } from './instants';
import { countKey, seededQuantity } from './kinds';
import { listAnswer, pageSize, positionOf } from './list-answer';
import type { Row } from './list-answer';
import { bodyFields } from './request';
import type { SquareRequest } from './request';
import type { CountChange, SquareState } from './state';
import { compared, walk } from './walk';
import type { Changes, SeededOrder, Spot } from './walk';
import { COUNTED_STATES, MOST_VARIATIONS } from './world';

const DEFAULT_LIMIT = 100;
const MOST = 1000;
const FILTERS = ['catalog_object_ids', 'location_ids', 'states', 'updated_after', 'cursor', 'limit'] as const;
const CHANGE_TYPES = ['PHYSICAL_COUNT', 'ADJUSTMENT'];

interface InventoryQuery {
  readonly variations: readonly string[] | undefined;
  readonly locations: ReadonlySet<string> | undefined;
  readonly states: ReadonlySet<string> | undefined;
  readonly after: number;
  readonly before: number;
  readonly limit: number;
}

function inventoryQuery(fields: Fields): InventoryQuery {
  return {
    variations: given(fields.texts('catalog_object_ids')),
    locations: setOf(fields.texts('location_ids')),
    states: setOf(fields.texts('states')),
    after: fields.instant('updated_after') ?? -Infinity,
    before: fields.instant('updated_before') ?? Infinity,
    limit: fields.limit(DEFAULT_LIMIT, MOST),
  };
}

/** Filters apply only when they name something. */
function given(values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values;
}

function setOf(values: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const named = given(values);
  return named === undefined ? undefined : new Set(named);
}

/** Answers a call for counts: the newest first. */
export function inventoryCounts(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  const query = inventoryQuery(new Fields(bodyFields(request)).only(...FILTERS));
  const position = positionOf(state, request, () => ({ after: { key: Number.MAX_SAFE_INTEGER, tie: 0 }, fixed: 0 }));
  const size = pageSize(state, position.page, query.limit);
  return listAnswer(state, request, { name: 'counts', rows: countRows(state, query, position), position, size }, again);
}

function* countRows(state: SquareState, query: InventoryQuery, { after }: Position): Generator<Row> {
  const table = state.tables.counts;
  const spots =
    query.variations === undefined
      ? walk(slotOrder(state), countChanges(state), after, -1)
      : spotsOf(state, query.variations).filter((spot) => compared(spot, after) < 0);
  for (const { index, key, tie } of spots) {
    if (key <= query.after) return;
    const shown = table.shown(index);
    const id = table.kind.idOf(index);
    if (shown === undefined || (shown !== 'seed' && shown.deleted) || !wanted(state, query, id)) continue;
    yield { place: { key, tie }, id, text: () => recordText(table.fieldsOf(index, shown)) };
  }
}

/** Counts of variations that were deleted are gone with them. */
function wanted(state: SquareState, { locations, states }: InventoryQuery, id: string): boolean {
  const [variation = '', location = '', counted = ''] = id.split('|');
  if (locations !== undefined && !locations.has(location)) return false;
  if (states !== undefined && !states.has(counted)) return false;
  return state.tables.variations.find(variation) !== undefined;
}

function slotOrder({ world }: SquareState): SeededOrder {
  return {
    length: world.slots,
    at: (position) => {
      const index = world.counted.indexAtModifiedRank(position);
      return { index, key: world.countCalculated(index), tie: position };
    },
  };
}

function countChanges(state: SquareState): Changes {
  return state.changedCounts.in('calculated', state.clock.now(), ({ index, updated }) => ({
    index,
    key: updated,
    tie: state.world.counted.modifiedRank(index),
  }));
}

/** All counts of some variations, the newest first. */
function spotsOf(state: SquareState, ids: readonly string[]): Spot[] {
  const { world } = state;
  const slots = world.counts.locations * COUNTED_STATES.length;
  const indexes = new Set<number>();
  for (const id of ids) {
    const variation = world.ids.variations.decode(id);
    if (variation === undefined) continue;
    if (variation < world.counts.items * MOST_VARIATIONS) for (let n = 0; n < slots; n += 1) indexes.add(variation * slots + n);
    for (const [countId, index] of state.extraCounts.byId) if (countId.startsWith(`${id}|`)) indexes.add(index);
  }
  const table = state.tables.counts;
  return [...indexes]
    .flatMap((index) => {
      const shown = table.shown(index);
      return shown === undefined ? [] : [{ index, key: table.updatedOf(index, shown), tie: world.counted.modifiedRank(index) }];
    })
    .sort((a, b) => compared(b, a));
}

/** Answers a call for the history: the oldest first. */
export function inventoryChanges(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  const fields = new Fields(bodyFields(request)).only(...FILTERS, 'types', 'updated_before');
  const query = inventoryQuery(fields);
  const types = given(fields.texts('types')) ?? CHANGE_TYPES;
  const stranger = types.find((type) => !CHANGE_TYPES.includes(type));
  if (stranger !== undefined) throw refused('INVALID_ENUM_VALUE', `There is no such type: ${stranger}.`, 'types');
  const position = positionOf(state, request, () => ({ after: { key: Number.MIN_SAFE_INTEGER, tie: 0 }, fixed: 0 }));
  const size = pageSize(state, position.page, query.limit);
  return listAnswer(state, request, { name: 'changes', rows: changeRows(state, query, types, position), position, size }, again);
}

function* changeRows(state: SquareState, query: InventoryQuery, types: readonly string[], { after }: Position): Generator<Row> {
  const { world, countChanges: held } = state;
  const spots = held.map(({ n, occurred }) => ({ index: world.slots + n, key: occurred, tie: world.slots + n }));
  const variations = setOf(query.variations);
  // A change of a count does not take away the one before it: the history keeps both.
  for (const spot of walk(slotOrder(state), { spots: spots.sort(compared), has: () => false }, after, 1)) {
    const change = held[spot.index - world.slots] ?? seededChange(state, spot);
    if (spot.key <= query.after || change === undefined) continue;
    if (spot.key >= query.before) return;
    const type = change.state === 'IN_STOCK' ? 'PHYSICAL_COUNT' : 'ADJUSTMENT';
    const [variation = '', location = ''] = change.id.split('|');
    if (!types.includes(type) || (variations !== undefined && !variations.has(variation))) continue;
    if (query.locations !== undefined && !query.locations.has(location)) continue;
    if (type === 'ADJUSTMENT' && query.states !== undefined && !query.states.has(change.state)) continue;
    const id = world.ids.changes.encode(spot.index);
    yield { place: { key: spot.key, tie: spot.tie }, id, text: () => recordText(changeObject(state, id, type, change)) };
  }
}

function seededChange({ world, tables }: SquareState, { index, key }: Spot): CountChange | undefined {
  const { kind } = tables.counts;
  if (!kind.exists(index)) return undefined;
  const id = kind.idOf(index);
  return { n: index, id, state: countKey(world, id)?.state ?? '', quantity: seededQuantity(world, index), occurred: key };
}

function changeObject(state: SquareState, id: string, type: string, change: CountChange): JsonObject {
  const [variation = '', location = ''] = change.id.split('|');
  const common = {
    id,
    catalog_object_id: variation,
    catalog_object_type: 'ITEM_VARIATION',
    location_id: location,
    quantity: change.quantity,
    source: { product: 'SQUARE_POS', application_id: `app-${state.world.merchantId}`, name: 'Point of Sale' },
    occurred_at: instantText(change.occurred),
    created_at: instantText(change.occurred),
  };
  if (type === 'PHYSICAL_COUNT') return { type, physical_count: { ...common, state: change.state } };
  return { type, adjustment: { ...common, from_state: 'IN_STOCK', to_state: change.state } };
}
