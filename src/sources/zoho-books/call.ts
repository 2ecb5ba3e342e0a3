import { createHash } from 'node:crypto';

import { FreshetError } from '../../domain/errors';
import { formatInstant, parseInstant } from '../../domain/instant';
import { printable } from '../../observability/printable';
import { pageOf } from '../numbered-page';
import type { ListRequest } from '../source';
import type { Endpoint, Query } from './endpoints';

/** One GET of the API: path below the base URL, and the query with the organization. */
export interface ZohoCall {
  readonly path: string;
  readonly query: Query;
  /** SHA-256 over path and sorted query: equal for the same question, free of secrets. */
  readonly digest: string;
}

const RESERVED: ReadonlySet<string> = new Set(['organization_id', 'page', 'per_page', 'sort_column', 'sort_order', 'last_modified_time']);

function misuse(code: string, message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code, message, remedy });
}

function callOf(path: string, query: Query): ZohoCall {
  const sorted = Object.entries(query).map(([name, value]) => [name, String(value)]);
  sorted.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return {
    path,
    query,
    digest: createHash('sha256')
      .update(JSON.stringify([path, sorted]))
      .digest('hex'),
  };
}

/**
 * A lower bound in Zoho's form, `2026-10-07T18:24:51+0000`: fractions cut, and for an exclusive filter one second earlier,
 * so that a row with exactly this time comes back.
 */
export function lowerBound(from: string, boundary: 'inclusive' | 'exclusive'): string {
  const instant = parseInstant(from);
  if (instant === null)
    throw misuse('bound-unreadable', `"${printable(from, 60)}" is no time to read from`, 'Give it as 2026-10-07T00:00:00Z.');
  const step = boundary === 'exclusive' ? 1_000_000n : 0n;
  return `${formatInstant(instant.micros - step).slice(0, 19)}+0000`;
}

function checkedFilters(filters: Query): Query {
  for (const name of Object.keys(filters)) {
    if (RESERVED.has(name)) {
      throw misuse('filter-reserved', `The filter ${name} is set by freshet itself`, `Remove ${name} from the filters of the entity.`);
    }
  }
  return filters;
}

/** One page of a list. An upper bound is refused: Zoho has no such filter for modification times. */
export function listCall({ entity, query: fixed }: Endpoint, request: ListRequest, organizationId: string): ZohoCall {
  if (request.to !== null || (request.from !== null && !entity.incremental)) {
    throw misuse(
      'bound-unsupported',
      `Zoho Books cannot list ${entity.object} ${request.to === null ? 'from' : 'up to'} a modification time`,
      `Read ${entity.object} without that bound.`,
    );
  }
  const query: Record<string, string | number | boolean> = {
    ...fixed,
    ...checkedFilters(request.filters),
    page: pageOf(request.position),
    per_page: entity.paging.pageSize,
    organization_id: organizationId,
  };
  if (request.from !== null && entity.cursor !== null) query['last_modified_time'] = lowerBound(request.from, entity.cursor.boundary);
  return callOf(`/${entity.object}`, query);
}

/** The detail of one record. */
export function detailCall({ entity }: Endpoint, id: string, organizationId: string): ZohoCall {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) {
    throw new FreshetError('source_error', {
      code: 'id-unusable',
      message: `"${printable(id, 60)}" cannot be the id of one of Zoho's ${entity.object}`,
      remedy: 'Look at the record in the landed list: its key is damaged. It is not asked for.',
      retryable: false,
    });
  }
  return callOf(`/${entity.object}/${id}`, { organization_id: organizationId });
}
