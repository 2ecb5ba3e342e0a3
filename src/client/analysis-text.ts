import { count, counted } from '../domain/counted';
import type { AnalysisDocument } from '../load/analyze/analyze-files';
import type { EntityDocument, FieldDocument } from '../load/analyze/analysis-document';
import { NAME_NOTE_WORDS } from '../load/analyze/name-notes';
import type { TableDifference } from '../load/analyze/schema-difference';
import type { AnalyzedInput } from './commands/analyze';
import { shown } from './output';
import { textTable } from './text-table';

/** An analysis for people: what was read, one line an entity, then each entity with its fields. */
export function analysisText(input: AnalyzedInput, document: AnalysisDocument): string {
  const { entities, total_records: records, processing_time_seconds: seconds } = document;
  const head = `${counted(records, 'record')} of ${counted(entities.length, 'entity', 'entities')} in ${seconds} s; ${input.input} in ${shown(input.root)}`;
  return [head, verdict(document), summary(entities), ...entities.map(entityText), 'Nothing was written.'].join('\n\n');
}

function verdict({ schema_changes_required: required, entities }: AnalysisDocument): string {
  const blocked = entities.flatMap(({ tables }) => tables.flatMap((table) => table.blocked_by_views));
  if (!required) return 'The tables fit as they are.';
  if (blocked.length === 0) return 'The tables must be made or changed; ./freshet load does it by itself.';
  return `The tables must change, and ${counted(blocked.length, 'view is', 'views are')} in the way: ./freshet tables recreate <entity> --confirm <entity> makes them anew.`;
}

function summary(entities: readonly EntityDocument[]): string {
  const columns = [
    { title: 'entity' },
    { title: 'records', right: true },
    { title: 'fields', right: true },
    { title: 'key' },
    { title: 'cursor' },
    { title: 'line items' },
    { title: 'tables' },
  ];
  const rows = entities.map((entity) => [
    entity.entity,
    count(entity.records),
    count(entity.fields.length),
    entity.definition?.key.join(', ') ?? 'none',
    entity.definition?.cursor ?? '–',
    entity.definition?.line_items ?? '–',
    tablesWord(entity),
  ]);
  return textTable(columns, rows);
}

function tablesWord({ definition, tables, tables_problem: problem, schema_changes_required: required }: EntityDocument): string {
  if (definition === null || problem !== null) return 'cannot be loaded';
  if (!required) return 'fit';
  return tables.some(({ exists }) => exists) ? 'to be changed' : 'to be made';
}

function entityText(entity: EntityDocument): string {
  const blocks = [
    [entity.entity, ...notes(entity).map((line) => `  ${line}`)].join('\n'),
    entity.fields.length === 0 ? '' : fieldsTable(entity.fields),
    ...entity.line_items
      .filter(({ field }) => field === entity.definition?.line_items)
      .map(({ field, items, most_in_a_record: most, fields }) =>
        [`  ${shown(field)}: ${counted(items, 'line item')}, at most ${count(most)} in a record`, fieldsTable(fields)].join('\n'),
      ),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

const MAX_LINES = 12;

function notes(entity: EntityDocument): string[] {
  const { problem, key_candidates: candidates, tables_problem: blocked, unreadable } = entity;
  return [
    ...entity.bad_files.map(({ message }) => shown(message, 500)),
    ...unreadable.problems.map(({ meaning, records }) => `${counted(records, 'record')}: ${meaning}`),
    ...(problem === null ? [] : [shown(problem, 500), candidatesLine(candidates)]),
    ...(blocked === null ? [] : [shown(blocked.message, 500), shown(blocked.remedy, 500)]),
    ...entity.why.map((line) => shown(line, 500)),
    ...entity.tables.flatMap(tableLines),
    ...entity.hints.map(({ message }) => `hint: ${shown(message, 500)}`),
  ];
}

function candidatesLine(candidates: EntityDocument['key_candidates']): string {
  const words = candidates.map(({ field, unique }) => `${shown(field)}${unique === true ? '' : ' (comes more than once)'}`);
  return words.length === 0 ? 'no field could be the key' : `could be the key: ${words.join(', ')}`;
}

/** What a table lacks, one line a change. */
export function tableLines({
  table,
  exists,
  create,
  add,
  add_custom: custom,
  widen,
  blocked_by_views: views,
  names,
}: TableDifference): string[] {
  const lines = [
    ...(exists ? [] : [`${table}: to be made, ${counted(create.length, 'column')} beside freshet’s own`]),
    ...add.map(({ column, type }) => `${table}: add ${shown(column)} ${type}`),
    ...custom.map(({ name, type }) => `${table}: add ${shown(name)} ${type}, a column of your own`),
    ...widen.map(({ column, from, to }) => `${table}: ${shown(column)} from ${from} to ${to}`),
    ...views.map(({ view, column }) => `${table}: view ${shown(view)} uses ${shown(column)}, which must become wider`),
    ...names
      .filter(({ note }) => note !== 'needs-quotes' && note !== 'keyword')
      .map(({ column, field, note }) => `${shown(field)} is column ${shown(column)}: ${NAME_NOTE_WORDS[note]}`),
  ];
  return lines.length <= MAX_LINES
    ? lines
    : [...lines.slice(0, MAX_LINES), `… and ${count(lines.length - MAX_LINES)} more; --json has all`];
}

const MAX_FIELDS = 60;
const MAX_CELL = 24;

function fieldsTable(fields: readonly FieldDocument[]): string {
  const columns = [
    { title: 'field' },
    { title: 'types' },
    { title: 'null', right: true },
    { title: 'from' },
    { title: 'to' },
    { title: 'looks like' },
  ];
  const rows = fields
    .slice(0, MAX_FIELDS)
    .map((field) => [
      shown(field.name, 40),
      typesOf(field),
      field.null_share === 0 ? '' : `${Math.max(1, Math.round(field.null_share * 100))} %`,
      short(field.min),
      short(field.max),
      short(field.examples[0] ?? null),
    ]);
  const more = fields.length > MAX_FIELDS ? `\n  … and ${count(fields.length - MAX_FIELDS)} more; --json has all` : '';
  return textTable(columns, rows, '  ') + more;
}

/** The types that say something, the most frequent first. */
function typesOf({ types }: FieldDocument): string {
  const kinds = Object.entries(types).filter(([kind]) => kind !== 'null');
  return kinds.length === 0
    ? 'null'
    : kinds
        .sort(([, a], [, b]) => b - a)
        .map(([kind]) => kind)
        .join(', ');
}

/** Instants without their last zeros; anything else cut. */
function short(text: string | null): string {
  const whole = (text ?? '').replace(/:(\d\d)\.000000Z$/, ':$1Z');
  return whole.length <= MAX_CELL ? whole : `${whole.slice(0, MAX_CELL - 1)}…`;
}
