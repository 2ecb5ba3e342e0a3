import { refused } from './errors';
import type { Cursors } from './cursors';

export const SQUARE_REQUESTS = {
  orders: 'POST /v2/orders/search',
  'orders-batch': 'POST /v2/orders/batch-retrieve',
  'catalog-list': 'GET /v2/catalog/list',
  'catalog-search': 'POST /v2/catalog/search',
  'catalog-batch': 'POST /v2/catalog/batch-retrieve',
  locations: 'GET /v2/locations',
  counts: 'POST /v2/inventory/counts/batch-retrieve',
  changes: 'POST /v2/inventory/changes/batch-retrieve',
} as const;
export type SquareKind = keyof typeof SQUARE_REQUESTS;
export const SQUARE_KINDS = Object.keys(SQUARE_REQUESTS) as readonly SquareKind[];

/** Older addresses of the same calls, still in the official document. */
const ALIASES: Readonly<Record<string, SquareKind>> = {
  'POST /v2/inventory/batch-retrieve-counts': 'counts',
  'POST /v2/inventory/batch-retrieve-changes': 'changes',
};

const KIND_OF = new Map<string, SquareKind>([
  ...SQUARE_KINDS.map((kind) => [SQUARE_REQUESTS[kind], kind] as const),
  ...Object.entries(ALIASES),
]);
const PATHS = new Set([...KIND_OF.keys()].map((known) => known.split(' ')[1]));

/** A request as the stand-in understands it, before it is answered. */
export interface SquareRequest {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly body: string;
  /** `method`: a known path with the wrong method. */
  readonly kind: SquareKind | 'method' | 'other';
  /** The locations asked for, of calls that name some. */
  readonly locationIds: readonly string[] | undefined;
  /** Its cursor, if it carries one. */
  readonly cursor: string | undefined;
  /** The page asked for: 1 without a cursor, undefined with one that was never given. */
  readonly page: number | undefined;
}

/** Classifies a request; never fails, whatever was sent. */
export function squareRequest(method: string, target: string, body: string, cursors: Cursors): SquareRequest {
  const cut = target.indexOf('?');
  const path = cut < 0 ? target : target.slice(0, cut);
  const params = new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1));
  const sent = objectOf(body);
  const found = method === 'GET' ? params.get('cursor') : sent?.cursor;
  const cursor = typeof found === 'string' && found !== '' ? found : undefined;
  const locations = sent?.location_ids;
  return {
    method,
    path,
    params,
    body,
    kind: KIND_OF.get(`${method} ${path}`) ?? (PATHS.has(path) ? 'method' : 'other'),
    locationIds: Array.isArray(locations) ? locations.map(String) : undefined,
    cursor,
    page: cursor === undefined ? 1 : cursors.peek(cursor)?.page,
  };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The body of a POST; one that is no JSON object is refused. */
export function bodyFields(request: SquareRequest): Record<string, unknown> {
  const fields = objectOf(request.body);
  if (fields === undefined) throw refused('EXPECTED_JSON_BODY', 'Expected a JSON object as body.');
  return fields;
}

/** Equal for two requests that ask the same: everything but the cursor. */
export function questionOf(request: SquareRequest): string {
  const asked = request.method === 'GET' ? Object.fromEntries(request.params) : bodyFields(request);
  return `${request.kind} ${canonical(Object.fromEntries(Object.entries(asked).filter(([key]) => key !== 'cursor')))}`;
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
