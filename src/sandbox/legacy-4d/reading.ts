import { jsonText } from '../json-text';
import { accessor } from './access';
import { errorAnswer } from './answer';
import type { Answer } from './answer';
import { setGone } from './entity-sets';
import { relatedIndices } from './entity-text';
import { parsedFilter, unquoted } from './filter';
import type { Filter } from './filter';
import { scalarOf, testOf } from './filter-test';
import { sortColumns } from './listing';
import type { Selection, SortColumn } from './listing';
import { each, listed } from './order';
import type { Order } from './order';
import type { RecordTable } from './record-table';
import { wholeOf } from './request';
import type { RestRequest } from './request';
import { ERR, unreadable } from './rest-error';
import { shapeOf, WHOLE } from './shape';
import type { Shape } from './shape';
import type { Legacy4dState } from './state';

type Params = RestRequest['params'];

/** The good answer to a list, with or without an entity set made of it. */
export function listAnswer(state: Legacy4dState, table: RecordTable, request: RestRequest): Answer {
  const shape = shapeOf(state, table, request);
  const order = state.listing(table.dataClass.name).select(selectionOf(request.params));
  const set = request.params.get('$method') === 'entityset' ? kept(state, table, order, request.params) : undefined;
  return pageAnswer(state, table, order, { request, shape, set });
}

function kept(state: Legacy4dState, table: RecordTable, order: Order, params: Params): string {
  const seconds = wholeOf(params.get('$timeout'));
  return state.sets.keep(table.dataClass.name, Uint32Array.from(each(order)), seconds === undefined ? {} : { seconds });
}

/** The good answer to a read of an entity set: its living records; a filter or an order given now goes over them. */
export function entitySetAnswer(state: Legacy4dState, table: RecordTable, request: RestRequest): Answer {
  const id = request.entitySet ?? '';
  const { name } = table.dataClass;
  const indices = state.sets.find(name, id) ?? recreated(state, table, id, request.params);
  const { filter, orderBy } = selectionOf(request.params);
  const test = filter === undefined ? undefined : testOf(state, table, filter);
  const living = indices.filter((index) => table.living(index) && (test === undefined || test(index)));
  const sorted = orderBy.length === 0 ? living : state.listing(name).sorted(living, orderBy);
  return pageAnswer(state, table, listed(sorted), { request, shape: shapeOf(state, table, request), set: id });
}

/** A set that is gone is made anew under its id when `$savedfilter` or `$savedorderby` come along. */
function recreated(state: Legacy4dState, table: RecordTable, id: string, params: Params): Uint32Array {
  const filter = filterOf(params.get('$savedfilter'), params);
  const orderBy = orderOf(params.get('$savedorderby'));
  if ((filter === undefined && orderBy.length === 0) || !/^[0-9A-F]{32}$/i.test(id)) throw setGone(id);
  const { name } = table.dataClass;
  const indices = Uint32Array.from(each(state.listing(name).select({ filter, orderBy })));
  state.sets.keep(name, indices, { id: id.toUpperCase() });
  return indices;
}

/** `/Class(key)`, `/Class:attribute(value)`, and the related entities under them. */
export function entityAnswer(state: Legacy4dState, table: RecordTable, request: RestRequest): Answer {
  const { name } = table.dataClass;
  const index = request.uniqueAttribute === undefined ? table.find(request.key ?? '') : uniqueIndex(state, table, request);
  if (index === undefined) {
    const { missingEntity } = state.rules;
    return errorAnswer(missingEntity, ERR.noEntity, `Cannot find entity with key "${request.key ?? ''}" in dataclass "${name}"`);
  }
  const only = request.attributes?.length === 1 ? request.attributes[0] : undefined;
  const relation = table.dataClass.attributes.find((attribute) => attribute.name === only);
  if (relation?.kind === 'relatedEntities' && request.params.get('$expand') === only) {
    const found = Uint32Array.from(relatedIndices(state, table, relation, index));
    return pageAnswer(state, state.table(relation.to), listed(found), { request, shape: WHOLE, set: undefined });
  }
  const text = state.writer.entity(table, index, shapeOf(state, table, request));
  return { status: 200, body: `{"__entityModel":${jsonText(name)},${text.slice(1)}`, keys: [table.keyOf(index)] };
}

function uniqueIndex(state: Legacy4dState, table: RecordTable, { uniqueAttribute = '', key = '' }: RestRequest): number | undefined {
  const { type } = accessor(state, table, uniqueAttribute);
  if (scalarOf(type, key) === undefined) throw unreadable(`"${key}" is no value for "${uniqueAttribute}"`);
  const filter: Filter = { kind: 'comparison', path: uniqueAttribute, comparator: '=', wanted: key, bare: false };
  const found = state.listing(table.dataClass.name).select({ filter, orderBy: [] });
  return found.length === 0 ? undefined : found.indexAt(0);
}

interface Page {
  readonly request: RestRequest;
  readonly shape: Shape;
  readonly set: string | undefined;
}

function pageAnswer(state: Legacy4dState, table: RecordTable, order: Order, { request, shape, set }: Page): Answer {
  const { params, offset } = request;
  const size = wholeOf(params.get('$top')) ?? wholeOf(params.get('$limit')) ?? state.rules.defaultTopSize;
  const indices: number[] = [];
  const end = Math.min(order.length, offset + size);
  for (let position = offset; position < end; position += 1) indices.push(order.indexAt(position));
  const { name } = table.dataClass;
  const uri = set === undefined ? '' : `"__ENTITYSET":${jsonText(`/rest/${name}/$entityset/${set}`)},`;
  const entities = state.writer.entities(table, indices, { count: order.length, first: offset, shape });
  return {
    status: 200,
    body: `{${uri}"__entityModel":${jsonText(name)},${entities}}`,
    keys: indices.map((index) => table.keyOf(index)),
  };
}

function selectionOf(params: Params): Selection {
  return { filter: filterOf(params.get('$filter'), params), orderBy: orderOf(params.get('$orderby')) };
}

function filterOf(text: string | undefined, params: Params): Filter | undefined {
  return text === undefined || unquoted(text, '$filter').trim() === '' ? undefined : parsedFilter(text, params.get('$params'));
}

function orderOf(text: string | undefined): SortColumn[] {
  return text === undefined ? [] : sortColumns(unquoted(text, '$orderby'));
}
