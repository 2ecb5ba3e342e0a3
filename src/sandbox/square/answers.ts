import type { IncomingHttpHeaders } from 'node:http';
import { recordText, scalarText } from '../json-text';
import { catalogById, listCatalog, searchCatalog } from './catalog-answers';
import { errorAnswer, NOT_FOUND, Refused } from './errors';
import type { SquareAnswer } from './errors';
import { inventoryChanges, inventoryCounts } from './inventory-answers';
import { wholeAnswer } from './list-answer';
import { ordersById, searchOrders } from './orders-answers';
import type { SquareKind, SquareRequest } from './request';
import type { SquareState } from './state';

type Answering = (state: SquareState, request: SquareRequest, again: boolean) => SquareAnswer;

const ANSWERS: Readonly<Record<SquareKind, Answering>> = {
  orders: searchOrders,
  'orders-batch': ordersById,
  'catalog-list': listCatalog,
  'catalog-search': searchCatalog,
  'catalog-batch': catalogById,
  locations: locationsAnswer,
  counts: inventoryCounts,
  changes: inventoryChanges,
};

/** All locations, by name. */
function locationsAnswer(state: SquareState): SquareAnswer {
  const { locations } = state.tables;
  const rows = Array.from({ length: locations.end }, (_, index) => index).flatMap((index) => {
    const shown = locations.shown(index);
    if (shown === undefined) return [];
    const fields = locations.fieldsOf(index, shown);
    return [{ id: locations.kind.idOf(index), name: scalarText(fields.name), text: recordText(fields) }];
  });
  return wholeAnswer(
    'locations',
    rows.sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

/** Why a request is refused before it is looked at, if it is. */
export function refusal(state: SquareState, request: SquareRequest, headers: IncomingHttpHeaders): SquareAnswer | undefined {
  const { authorization, 'square-version': version } = headers;
  const unknown = state.tokens.refusal(authorization);
  if (unknown !== undefined) return unknown;
  if (version !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(String(version))) {
    const detail = `Square-Version must be a date such as 2025-08-20, not ${String(version)}`;
    return errorAnswer(400, 'INVALID_REQUEST_ERROR', { code: 'INVALID_SQUARE_VERSION_FORMAT', detail });
  }
  if (request.kind === 'other') return NOT_FOUND;
  if (request.kind !== 'method') return undefined;
  const detail = `${request.method} is not allowed for ${request.path}`;
  return errorAnswer(405, 'INVALID_REQUEST_ERROR', { code: 'METHOD_NOT_ALLOWED', detail });
}

/** The good answer to a request that was not refused, or Square's word for what is wrong with it. */
export function squareAnswer(state: SquareState, request: SquareRequest, again: boolean): SquareAnswer {
  if (request.kind === 'other' || request.kind === 'method') return NOT_FOUND;
  try {
    return ANSWERS[request.kind](state, request, again);
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}
