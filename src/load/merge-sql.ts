import { ident } from '../database/identifier';
import { castSql } from '../sources/column-join';
import { LINES, LINE_ROW_COLUMNS, ROW_COLUMNS, SEQ, type Column } from './columns';
import { lowerAnswerJoin, REPEATED } from './lower-answer';
import type { TableName } from './table-sql';

/** One pair of columns of the same field: as staged, and as the table has it now. */
export interface ColumnPair {
  readonly staged: Column;
  readonly held: Column;
}

/** How late a record is: by its instant, by its integer cursor, or the entity has no cursor. */
export type LateBy = 'instant' | 'integer' | null;

export const WRITTEN = `p.outcome in ('inserted', 'updated', 'revived')`;
const HELD = `p.outcome in ('updated', 'revived')`;
const seq = ident(SEQ);
const lines = ident(LINES);

/**
 * The copies that lose against a newer one of the same id in the same batch. Where all copies have a version it decides, else where all
 * have an instant that does, else the time of fetching; then the later place in the batch. `known`: the target, where there are known
 * records (decision 0007): the held row says what a known copy would.
 */
export function duplicatesSql(stage: TableName, known: TableName | null): string {
  const position = 'source_version, source_instant';
  return `create temporary table merge_duplicate on commit drop as
    with copy as (
      select id, ${seq} as seq, ${position}, fetched_at from ${stage}
      ${known === null ? '' : `union all select k.id, k.seq, t.source_version, t.source_instant, k.fetched_at from merge_known k join ${known} t on t.id = k.id`}),
    twice as (select id from copy group by id having count(*) > 1),
    copies as (
      select c.*, count(*) over w as n, count(c.source_version) over w as versions, count(c.source_instant) over w as instants
        from copy c join twice using (id) window w as (partition by c.id)),
    ranked as (
      select seq, row_number() over (
               partition by id
               order by case when versions = n then source_version end desc,
                        case when versions < n and instants = n then source_instant end desc,
                        fetched_at desc, seq desc) as place
        from copies)
    select seq from ranked where place > 1`;
}

/** Whether staged row \`s\` is older than held row \`t\` (contracts §5); $1 is the epoch. Equal in everything is not older. */
const OLDER = `case
    when $1::int <> t.source_epoch then $1::int < t.source_epoch
    when s.source_version <> t.source_version then s.source_version < t.source_version
    when s.source_version is not null and t.source_version is not null then s.fetched_at < t.fetched_at
    when s.source_instant <> t.source_instant then s.source_instant < t.source_instant
    else s.fetched_at < t.fetched_at end`;

/** $2 is the bound below which a row should have come earlier; NULL switches it off. A row without cursor can come at any time. */
export function lateSql(lateBy: LateBy): string {
  if (lateBy === null) return 'false and $2::bigint is null';
  const position =
    lateBy === 'instant'
      ? 'extract(epoch from s.source_instant) * 1000000'
      : `case when s.source_cursor ~ '^-?[0-9]{1,18}$' then s.source_cursor::bigint end`;
  return `($2::bigint is not null and coalesce(${position} < $2::bigint, true))`;
}

/** A known record is unchanged, unless a newer copy of its id came in the same batch. */
const knownSql = (skipExisting: boolean): string => `union all
    select k.seq, k.id, null::integer, false, false, false,
           case when d.seq is not null then 'duplicate' else '${skipExisting ? 'skipped' : 'unchanged'}' end
      from merge_known k left join merge_duplicate d on d.seq = k.seq`;

export interface Classifying {
  readonly lateBy: LateBy;
  /** There are known records. */
  readonly known: boolean;
  /** Insert only: what the table has is left alone. */
  readonly skipExisting: boolean;
}

/** What becomes of record `s` beside held row `t` and the lower answer `a` that is kept of it. $1 epoch. */
export const outcomeSql = (skipExisting: boolean): string => `case
             when t.id is null then 'inserted'
             ${skipExisting ? `when t.id is not null then 'skipped'` : ''}
             when t.deleted_at is not null then case when s.fetched_at > t.fetched_at then 'revived' else 'stale' end
             when s.source_hash = t.source_hash then 'unchanged'
             when s.fetched_at < a.superseded_before then 'stale'
             when ${OLDER} then case when ${REPEATED} and $1::int >= t.source_epoch then 'updated' else 'stale' end
             when s.row_hash = t.row_hash then 'unchanged'
             else 'updated'
           end`;

/** Decides for every record of the batch what becomes of it. $1 epoch, $2 late bound, $3 pipeline, $4 entity. */
export function classifySql(stage: TableName, target: TableName, { lateBy, known, skipExisting }: Classifying): string {
  return `create temporary table merge_plan on commit drop as
    select s.${seq} as seq, s.id, s.${lines} as lines, ${lateSql(lateBy)} as late,
           (t.deleted_at is null and s.fetched_at > t.fetched_at) as later, coalesce(${REPEATED}, false) as repeated,
           case when d.seq is not null then 'duplicate' else ${outcomeSql(skipExisting)} end as outcome
      from ${stage} s
      left join merge_duplicate d on d.seq = s.${seq}
      left join ${target} t on t.id = s.id
      ${lowerAnswerJoin(3)}
      ${known ? knownSql(skipExisting) : ''}`;
}

export const PLAN_COUNTS_SQL = `
  select outcome, count(*) as n, count(*) filter (where late) as late, count(*) filter (where later) as later from merge_plan group by outcome`;

/** How many rows the plan writes, new ones and held ones; and how many staged or known ones it leaves as they are. */
export const PLANNED_WRITES_SQL = `
  select count(*) filter (where p.outcome = 'inserted') as fresh, count(*) filter (where ${HELD}) as held,
         count(*) filter (where p.outcome = 'unchanged') as unchanged from merge_plan p`;

/** Staged rows \`s\` that the plan writes. \`whole\`: all of them, which makes the join with as many rows of the plan needless. */
const planned = (stage: TableName, whole: boolean): string => (whole ? `${stage} s` : `${stage} s join merge_plan p on p.seq = s.${seq}`);

const columnList = (names: readonly string[]): string => names.map((name) => ident(name)).join(', ');
const fieldValue = ({ staged, held }: ColumnPair): string => castSql(`s.${ident(staged.name)}`, staged.type, held.type);
const fieldValues = (pairs: readonly ColumnPair[]): string => pairs.map((pair) => `, ${fieldValue(pair)}`).join('');

/** What is the same for all rows of a merge. */
const CONSTANTS: Readonly<Record<string, string>> = {
  source_epoch: '$1::int',
  session_id: '$2::text',
  import_timestamp: '$3::timestamptz',
  run_id: '$4::text',
  batch_no: '$5::bigint',
  data_source: `'json'`,
  updated_at: 'statement_timestamp()',
  deleted_at: 'null',
};

const assigned = (column: string, value: string): string => `${ident(column)} = ${value}`;

/**
 * Writes changed and revived rows: a third faster than the upsert, which locks each row before it writes it. $1 epoch, $2 session, $3 import
 * time, $4 run, $5 batch number. Answers with their number. `whole`: every staged row is one of them.
 */
export function updateSql(
  stage: TableName,
  target: TableName,
  { fields, whole }: { fields: readonly ColumnPair[]; whole: boolean },
): string {
  const changes = [
    ...ROW_COLUMNS.filter(({ name }) => name !== 'id').map(({ name }) => assigned(name, `s.${ident(name)}`)),
    ...fields.map((pair) => assigned(pair.held.name, fieldValue(pair))),
    ...Object.entries(CONSTANTS).map(([name, value]) => assigned(name, value)),
  ];
  return `with written as (
    update ${target} t set ${changes.join(', ')}
      from ${planned(stage, whole)}
     where ${whole ? '' : `${HELD} and `}t.id = s.id
    returning 1)
  select count(*) as n from written`;
}

/** Writes new rows, or all that the plan writes. Parameters as above. Answers with their number. */
export function upsertSql(stage: TableName, target: TableName, { fields, all }: { fields: readonly ColumnPair[]; all: boolean }): string {
  const own = ROW_COLUMNS.map(({ name }) => name);
  const names = [...own, ...fields.map(({ held }) => held.name)];
  const constants = Object.keys(CONSTANTS);
  const changed = [...names.filter((name) => name !== 'id'), ...constants];
  return `with written as (
    insert into ${target} as t (${columnList([...names, ...constants])}, created_at)
    select ${own.map((name) => `s.${ident(name)}`).join(', ')}${fieldValues(fields)}, ${Object.values(CONSTANTS).join(', ')}, statement_timestamp()
      from ${stage} s join merge_plan p on p.seq = s.${seq}
     where ${all ? WRITTEN : `p.outcome = 'inserted'`}
        on conflict (id) do update set ${changed.map((name) => assigned(name, `excluded.${ident(name)}`)).join(', ')}
    returning 1)
  select count(*) as n from written`;
}

/** Whether another edit of the held row `t` may still carry its cursor: until then its time of fetching counts. `settle`: ms. */
export function unsettledSql(settle: string): string {
  return `case
      when t.source_instant is not null then t.fetched_at < t.source_instant + ${settle}::float8 * interval '1 millisecond'
      else t.source_version is null end`;
}

/**
 * Unchanged rows keep their content and batch number. What says where the record stands (`position`: the columns of cursor and version) is
 * written when it moved; the time of fetching
 * alone only while the row is not settled: until then another edit may carry the same cursor. $1 epoch, $2 settle time in ms.
 */
export function refreshUnchangedSql(stage: TableName, target: TableName, position: readonly ColumnPair[]): string {
  const moved = `s.source_hash <> t.source_hash or s.source_cursor is distinct from t.source_cursor or $1::int > t.source_epoch`;
  return `update ${target} t
       set source_hash = s.source_hash, source_cursor = s.source_cursor, source_instant = s.source_instant, source_version = s.source_version,
           source_epoch = greatest($1::int, t.source_epoch),
           ${position.map((pair) => `${ident(pair.held.name)} = ${fieldValue(pair)},`).join(' ')}
           fetched_at = case when s.source_hash = t.source_hash then greatest(s.fetched_at, t.fetched_at) else s.fetched_at end
      from ${stage} s join merge_plan p on p.seq = s.${seq}
     where p.outcome = 'unchanged' and t.id = s.id and (${moved} or (s.fetched_at > t.fetched_at and ${unsettledSql('$2')}))`;
}

const SURPLUS = `(t.line_no > p.lines or (p.lines is null and p.outcome = 'inserted'))`;

/**
 * Lines beyond the new end of their set go, and those of a parent that somebody removed where its record, which is new again, does not speak
 * of lines. Answers with how many of them were live.
 */
export function removeSurplusSql(target: TableName): string {
  return `with removed as (
    delete from ${target} t using merge_plan p
     where ${WRITTEN} and t.parent_id = p.id and ${SURPLUS}
    returning t.deleted_at is null as live)
  select count(*) filter (where live) as n from removed`;
}

/**
 * Lines were deleted with their parent and come back with it. `orphans`: there are deleted lines of other parents, too, since somebody removed
 * a parent. $1 batch number. Answers with their number.
 */
export function reviveLinesSql(target: TableName, orphans: boolean): string {
  return `with revived as (
    update ${target} t set deleted_at = null, batch_no = $1::bigint
      from merge_plan p
     where ${orphans ? `${WRITTEN} and (p.outcome = 'revived' or t.line_no <= p.lines)` : `p.outcome = 'revived'`}
       and t.parent_id = p.id and t.deleted_at is not null
    returning 1)
  select count(*) as n from revived`;
}

/** Held lines that differ; equal ones are not touched. $1 batch number. `whole`: every staged header is written. */
export function updateLinesSql(
  stage: TableName,
  target: TableName,
  { fields, whole }: { fields: readonly ColumnPair[]; whole: boolean },
): string {
  const changes = [assigned('row_hash', 's.row_hash'), ...fields.map((pair) => assigned(pair.held.name, fieldValue(pair)))];
  return `update ${target} t set ${changes.join(', ')}, batch_no = $1::bigint, deleted_at = null
      from ${planned(stage, whole)}
     where ${whole ? '' : `${WRITTEN} and `}t.parent_id = s.parent_id and t.line_no = s.line_no and t.row_hash <> s.row_hash`;
}

/**
 * Of the lines that the table has for the plan's rows: how many stay, how many are beyond the end of their set, how many are deleted under a
 * parent that is not; and how many the rows are to have, and whether any of them comes back.
 */
export function plannedLinesSql(target: TableName): string {
  return `select t.*, r.* from
     (select count(*) filter (where t.line_no <= p.lines) as held, count(*) filter (where ${SURPLUS}) as surplus,
             count(*) filter (where t.line_no <= p.lines and p.outcome <> 'revived' and t.deleted_at is not null) as orphans
        from ${target} t join merge_plan p on t.parent_id = p.id where ${WRITTEN}) t,
     (select coalesce(sum(p.lines), 0) as lines, count(*) filter (where p.outcome = 'revived') as revived from merge_plan p where ${WRITTEN}) r`;
}

/** Whether anything of a person's own stands between a statement and the rows of a table: triggers, rules. */
export function interferingSql(target: TableName): string {
  return `select exists (select from pg_catalog.pg_trigger where tgrelid = '${target.replaceAll("'", "''")}'::regclass and not tgisinternal)
              or exists (select from pg_catalog.pg_rewrite where ev_class = '${target.replaceAll("'", "''")}'::regclass) as interfering`;
}

/** How many lines of the plan's rows do not stand in the table as they were staged. */
export function linesMissedSql(stage: TableName, target: TableName): string {
  return `select count(*) as n from ${stage} s join merge_plan p on p.seq = s.${seq}
            left join ${target} t on t.parent_id = s.parent_id and t.line_no = s.line_no
           where ${WRITTEN} and (t.row_hash is distinct from s.row_hash or t.deleted_at is not null)`;
}

/** Lines that the table has not. $1 batch number. Answers with how many are new. */
export function insertLinesSql(stage: TableName, target: TableName, fields: readonly ColumnPair[]): string {
  const own = LINE_ROW_COLUMNS.map(({ name }) => name);
  const names = [...own, ...fields.map(({ held }) => held.name)];
  const changed = names.filter((name) => name !== 'parent_id' && name !== 'line_no');
  return `with written as (
    insert into ${target} as t (${columnList(names)}, batch_no, deleted_at)
    select ${own.map((name) => `s.${ident(name)}`).join(', ')}${fieldValues(fields)}, $1::bigint, null
      from ${stage} s join merge_plan p on p.seq = s.${seq}
     where ${WRITTEN} and not exists (select from ${target} h where h.parent_id = s.parent_id and h.line_no = s.line_no)
        on conflict (parent_id, line_no) do update
           set ${changed.map((name) => assigned(name, `excluded.${ident(name)}`)).join(', ')}, batch_no = excluded.batch_no, deleted_at = null
    returning (t.xmax = 0) as fresh)
  select count(*) filter (where fresh) as n from written`;
}
