import type { Answer } from './answer';
import type { EntityTable } from './entity-table';
import { jsonText } from './json-text';
import type { ListQuery } from './list-query';
import type { Listing } from './listing';

/** Answers a list call: the envelope with `page_context` and one page of rows. */
export function listAnswer(table: EntityTable, listing: Listing, query: ListQuery): Answer {
  const view = listing.view(query);
  const start = (query.page - 1) * query.perPage;
  const end = Math.min(view.length, start + query.perPage);
  const ids: string[] = [];
  let rows = '';
  for (let position = start; position < end; position += 1) {
    const index = view.indexAt(query.order === 'A' ? position : view.length - 1 - position);
    ids.push(table.idOf(index));
    rows += (position === start ? '' : ',') + table.rowText(index);
  }
  const context = jsonText({
    page: query.page,
    per_page: query.perPage,
    has_more_page: end < view.length && start < view.length,
    report_name: table.entity.reportName,
    applied_filter: query.appliedFilter,
    sort_column: query.column,
    sort_order: query.order,
  });
  return { status: 200, code: 0, ids, body: `{"code":0,"message":"success","${table.entity.name}":[${rows}],"page_context":${context}}` };
}

/** Answers a detail call, or 404 with code 1002 when the record does not exist. */
export function detailAnswer(table: EntityTable, id: string): Answer {
  const index = table.find(id);
  const { detailKey, label } = table.entity;
  if (index === undefined) return { status: 404, code: 1002, body: jsonText({ code: 1002, message: `${label} does not exist.` }) };
  return { status: 200, code: 0, body: `{"code":0,"message":"success","${detailKey}":${table.detailText(index)}}` };
}
