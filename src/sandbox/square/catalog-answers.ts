import { recordText } from '../json-text';
import type { JsonObject } from '../json-text';
import type { Position } from './cursors';
import { notImplemented, refused } from './errors';
import type { SquareAnswer } from './errors';
import { Fields } from './fields';
import { listAnswer, pageSize, positionOf, wholeAnswer } from './list-answer';
import type { Row } from './list-answer';
import { bodyFields } from './request';
import type { SquareRequest } from './request';
import type { SquareState } from './state';
import type { Version } from './table';
import { MOST_VARIATIONS } from './world';

/** In the order in which lists show them. */
const TYPES = ['CATEGORY', 'ITEM', 'ITEM_VARIATION'] as const;
const TABLES = { CATEGORY: 'categories', ITEM: 'items', ITEM_VARIATION: 'variations' } as const;
const DEFAULT_TYPES = ['CATEGORY', 'ITEM'] as const;
type CatalogType = (typeof TYPES)[number];
export type CatalogEntity = (typeof TABLES)[CatalogType];

/** Types that Square knows and this catalog has none of. */
const EMPTY_TYPES = [
  ...['IMAGE', 'TAX', 'DISCOUNT', 'MODIFIER_LIST', 'MODIFIER', 'PRICING_RULE', 'PRODUCT_SET', 'TIME_PERIOD', 'MEASUREMENT_UNIT'],
  ...['SUBSCRIPTION_PLAN_VARIATION', 'ITEM_OPTION', 'ITEM_OPTION_VAL', 'CUSTOM_ATTRIBUTE_DEFINITION', 'QUICK_AMOUNTS_SETTINGS'],
  ...['SUBSCRIPTION_PLAN', 'AVAILABILITY_PERIOD'],
];

const LIST_PAGE = 100;
const MOST = 1000;

interface Wanted {
  readonly types: readonly CatalogType[];
  /** Searches know the catalog as of this time (ms); lists as it is. */
  readonly at?: number;
  readonly deleted: boolean;
  /** Only what changed after this instant (microseconds). */
  readonly since: number;
}

/** An object as the API shows it: an item with its variations, a deleted one with those that went with it. */
export function catalogObject(state: SquareState, entity: CatalogEntity, index: number, at?: number): JsonObject | undefined {
  const table = state.tables[entity];
  const shown = table.shown(index, at);
  if (shown === undefined) return undefined;
  const fields = table.fieldsOf(index, shown);
  if (entity !== 'items') return fields;
  const variations = variationsOf(state, index, isDeleted(shown), at);
  return { ...fields, item_data: { ...(fields.item_data as JsonObject), ...(variations.length > 0 && { variations }) } };
}

function variationsOf(state: SquareState, item: number, deleted: boolean, at: number | undefined): JsonObject[] {
  const table = state.tables.variations;
  return Array.from({ length: MOST_VARIATIONS }, (_, n) => item * MOST_VARIATIONS + n).flatMap((index) => {
    const shown = table.shown(index, at);
    return shown === undefined || isDeleted(shown) !== deleted ? [] : [table.fieldsOf(index, shown)];
  });
}

function isDeleted(shown: Version | 'seed'): boolean {
  return shown !== 'seed' && shown.deleted;
}

function* rows(state: SquareState, { types, at, deleted, since }: Wanted, { after }: Position): Generator<Row> {
  for (const [key, type] of TYPES.entries()) {
    if (key < after.key || !types.includes(type)) continue;
    const table = state.tables[TABLES[type]];
    for (let index = key === after.key ? after.tie + 1 : 0; index < table.end; index += 1) {
      const shown = table.shown(index, at);
      if (shown === undefined || (isDeleted(shown) && !deleted) || table.updatedOf(index, shown) <= since) continue;
      const text = (): string => recordText(catalogObject(state, TABLES[type], index, at) ?? {});
      yield { place: { key, tie: index }, id: table.kind.idOf(index), text };
    }
  }
}

const START = { key: 0, tie: -1 };

/** Answers a list of the catalog: living objects only, a hundred a page. */
export function listCatalog(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  const { params } = request;
  if (params.has('catalog_version')) throw notImplemented('catalog_version');
  const asked = params.get('types');
  const types = knownTypes(asked === null || asked === '' ? undefined : asked.toUpperCase().split(','), 'types');
  const position = positionOf(state, request, () => ({ after: START, fixed: 0 }));
  const size = pageSize(state, position.page, LIST_PAGE);
  const found = rows(state, { types, deleted: false, since: -Infinity }, position);
  return listAnswer(state, request, { name: 'objects', rows: found, position, size }, again);
}

/** Answers a search of the catalog: what changed after an instant, deleted objects too when asked for. */
export function searchCatalog(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  const fields = new Fields(bodyFields(request)).only(
    ...['cursor', 'object_types', 'include_deleted_objects', 'include_related_objects', 'begin_time', 'query', 'limit'],
    'include_category_path_to_root',
  );
  for (const key of ['query', 'include_related_objects', 'include_category_path_to_root']) {
    if (fields.has(key) && (key === 'query' || fields.flag(key))) throw notImplemented(`${key} of a catalog search`);
  }
  const at = state.clock.now();
  const wanted = {
    types: knownTypes(fields.texts('object_types'), 'object_types'),
    at,
    deleted: fields.flag('include_deleted_objects'),
    since: fields.instant('begin_time') ?? -Infinity,
  };
  const position = positionOf(state, request, () => ({ after: START, fixed: latestChange(state, at) }));
  const size = pageSize(state, position.page, advised(fields.integer('limit'), state.rules.catalogSearchPage));
  const latest = position.fixed > 0 ? { latest: position.fixed } : {};
  return listAnswer(state, request, { name: 'objects', rows: rows(state, wanted, position), position, size, ...latest }, again);
}

/** A limit that Square would not take is ignored. */
function advised(limit: number | undefined, otherwise: number): number {
  return limit === undefined || limit < 1 || limit > MOST ? otherwise : limit;
}

function knownTypes(asked: readonly string[] | undefined, field: string): readonly CatalogType[] {
  if (asked === undefined || asked.length === 0) return DEFAULT_TYPES;
  const names = asked.map((name) => name.trim());
  const stranger = names.find((name) => !EMPTY_TYPES.includes(name) && !TYPES.some((type) => type === name));
  if (stranger !== undefined) throw refused('INVALID_ENUM_VALUE', `There is no object type ${stranger}.`, field);
  return TYPES.filter((type) => names.includes(type));
}

/** When the catalog was last changed, as far as the search index knows; 0 for an empty one. */
function latestChange(state: SquareState, at: number): number {
  let latest = state.world.catalogLatest;
  for (const entity of Object.values(TABLES)) {
    const table = state.tables[entity];
    for (const index of table.changed()) {
      const shown = table.shown(index, at);
      if (shown !== undefined) latest = Math.max(latest, table.updatedOf(index, shown));
    }
  }
  return latest;
}

/** Answers a call for catalog objects by id; what does not exist is left out. */
export function catalogById(state: SquareState, request: SquareRequest): SquareAnswer {
  const fields = new Fields(bodyFields(request)).only('object_ids', 'include_deleted_objects', 'include_related_objects');
  if (fields.flag('include_related_objects')) throw notImplemented('include_related_objects');
  const ids = fields.texts('object_ids');
  if (ids === undefined) throw refused('MISSING_REQUIRED_PARAMETER', 'Missing required parameter.', 'object_ids');
  if (ids.length > MOST) throw refused('ARRAY_LENGTH_TOO_LONG', `Array must not be longer than ${MOST}.`, 'object_ids');
  const deleted = fields.flag('include_deleted_objects');
  const found = ids.flatMap((id) => {
    const object = objectById(state, id);
    return object === undefined || (object.is_deleted === true && !deleted) ? [] : [{ id, text: recordText(object) }];
  });
  return wholeAnswer('objects', found);
}

function objectById(state: SquareState, id: string): JsonObject | undefined {
  for (const entity of Object.values(TABLES)) {
    const index = state.tables[entity].kind.indexOf(id);
    if (index !== undefined) return catalogObject(state, entity, index);
  }
  return undefined;
}
