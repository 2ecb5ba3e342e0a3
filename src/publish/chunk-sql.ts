import { ident } from '../database/identifier';
import type { Mapping, Reference } from './mapping/mapping';
import { staged } from './merge-sql';
import { STAGE_OWN } from './staged-row';
import type { TypedTable } from './typed-table';

/** The stage of one chunk, in the types of the mapping. */
export function createStageSql({ targets }: Mapping): string {
  const fields = targets.map(({ type }, place) => `${staged(place)} ${type}`);
  return `create temporary table publish_stage (${[...STAGE_OWN, ...fields].join(', ')}) on commit drop`;
}

export const COPY_STAGE = 'copy publish_stage from stdin';

/** What rows of other tables say against a record: `pending`, `orphan`, `duplicate` or `warning`. */
export const CREATE_VERDICTS = `create temporary table publish_verdict
  (seq integer not null, kind text not null, rule text not null, field text not null, value text, holder text) on commit drop`;

export interface ReferenceCheck {
  readonly reference: Reference;
  readonly place: number;
  /** Whether the parent's table is there, with that column. */
  readonly there: boolean;
  /** Of a reference to this very table: the place of the column that is referred to. Its row may be in the same chunk. */
  readonly ownPlace: number | null;
  /** `null`: the parent has records that are not loaded yet, so whatever is missing may come. */
  readonly asOf: string | null;
}

/** Records whose reference is new and leads nowhere; those in the same chunk may refer to each other. Answers with how many. */
export function orphansSql(typed: TypedTable, { reference, place, there, ownPlace, asOf }: ReferenceCheck): string {
  const { target, schema, table, column, severity } = reference;
  const kind =
    severity === 'warning'
      ? `'warning'`
      : asOf === null
        ? `'pending'`
        : `case when s.fetched > ${quoted(asOf)}::timestamptz then 'pending' else 'orphan' end`;
  const held = there ? `and not exists (select from ${ident(schema, table)} p where p.${ident(column)} = s.${staged(place)})` : '';
  const beside =
    ownPlace === null
      ? ''
      : `and s.verdict is null and not exists (select from publish_stage p
                                                where not p.gone and p.verdict is null and p.${staged(ownPlace)} = s.${staged(place)})`;
  return `with put as (
            insert into publish_verdict (seq, kind, rule, field, value)
            select s.seq, ${kind}, 'foreign_key', ${quoted(target)}, s.${staged(place)}::text
              from publish_stage s left join ${typed.companion} b on b.freshet_id = s.id
             where not s.gone and s.${staged(place)} is not null
               and (b.freshet_state is distinct from 'live' or s.${staged(place)} is distinct from b.${ident(target)}) ${held} ${beside}
            returning 1)
          select count(*)::int as n from put`;
}

/** Records whose unique value may be another row's: new ones, those that come back, and those whose value changed. */
export function keysSql({ name, companion, columns }: TypedTable, uniqueField: string): string {
  const [key, column] = [staged(columns.findIndex((each) => each.name === uniqueField)), ident(uniqueField)];
  return `create temporary table publish_key on commit drop as
    select s.seq, s.id, s.${key}::text as value, p.tid is not null as own, k.ctid as kid, k.source_id as holder,
           k.ctid is not null and (k.source_id is null or (k.deleted_at is not null and h.freshet_state = 'deleted')) as free,
           row_number() over (partition by s.${key} order by s.seq) as place
      from publish_row p
      join publish_stage s on s.seq = p.seq
      left join ${name} k on k.${column} = s.${key} and k.source_id is distinct from s.id
      left join ${companion} h on h.freshet_id = k.source_id
     where p.key_moves`;
}

export const CONTESTED_KEYS = `select exists (select from publish_key where place > 1 or kid is not null) as contested`;

export const duplicateKeysSql = (uniqueField: string): string =>
  `insert into publish_verdict (seq, kind, rule, field, value, holder)
   select k.seq, 'duplicate', 'unique', ${quoted(uniqueField)}, k.value,
          coalesce(k.holder, (select f.id from publish_key f where f.value = k.value and f.place = 1))
     from publish_key k where k.place > 1 or (k.kid is not null and (k.own or not k.free))`;

/** Who is put off has no claim to a key. */
export const GIVE_UP_KEYS = `delete from publish_key k using publish_stage s where s.seq = k.seq and s.verdict is not null`;

/** Rows that nobody's record stands behind any more become the rows of the records with their unique value, with what was last written into them. */
export function takeOverSql({ name, companion }: TypedTable, uniqueField: string): string[] {
  const taken = `publish_key k where k.place = 1 and k.free and not k.own`;
  return [
    `delete from ${companion} c using ${taken} and c.freshet_id = k.id and k.holder is not null`,
    `update ${companion} c set freshet_id = k.id from ${taken} and c.freshet_id = k.holder`,
    `insert into ${companion} (freshet_id, freshet_batch, freshet_state)
       select k.holder, r.freshet_batch, 'none' from publish_key k join ${companion} r on r.freshet_id = k.id
        where k.place = 1 and k.free and not k.own and k.holder is not null`,
    // What is published now is no older than what stood there.
    `update ${companion} c set freshet_batch = 0 from ${taken} and c.freshet_id = k.id`,
    // A row that a person moved meanwhile is not found, and its key refuses the new one: the chunk is made again.
    `update ${name} t set source_id = k.id from ${taken} and t.ctid = k.kid and t.${ident(uniqueField)} is not distinct from k.value`,
  ];
}

/** A rule of uniqueness besides the key's. */
export function uniqueRuleSql({ name, columns }: TypedTable, field: string, severity: 'error' | 'warning'): string {
  const [place, column] = [staged(columns.findIndex((each) => each.name === field)), ident(field)];
  const kind = severity === 'warning' ? 'warning' : 'duplicate';
  return `insert into publish_verdict (seq, kind, rule, field, value, holder)
    select s.seq, '${kind}', 'unique', ${quoted(field)}, s.${place}::text,
           (select t.source_id from ${name} t where t.${column} = s.${place} and t.source_id is distinct from s.id limit 1)
      from (select s.*, row_number() over (partition by s.${place} order by s.seq) as turn from publish_stage s
             where not s.gone and s.verdict is null and s.${place} is not null) s
     where s.turn > 1 or exists (select from ${name} t where t.${column} = s.${place} and t.source_id is distinct from s.id and t.deleted_at is null)`;
}

export const SPREAD_VERDICTS = `update publish_stage s
     set verdict = case when s.verdict = 'rejected' or v.refused then 'rejected' else 'pending' end
    from (select seq, bool_or(kind in ('orphan', 'duplicate')) as refused from publish_verdict where kind <> 'warning' group by seq) v
   where v.seq = s.seq`;

/** Foreign keys that other tables have to this one: `<table>` with `<column>` refers to our `<referred>`. */
export const REFERRERS = `select '"' || replace(n.nspname, '"', '""') || '"."' || replace(c.relname, '"', '""') || '"' as name, a.attname as "column", f.attname as referred
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
     join pg_catalog.pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
    where k.contype = 'f' and k.confrelid = to_regclass($1) and cardinality(k.conkey) = 1`;

export interface Referrer {
  /** Quoted, for SQL. */
  readonly name: string;
  readonly column: string;
  readonly referred: string;
}

/** Records that are gone whose rows others refer to: these cannot be removed. */
export function referencedSql({ name }: TypedTable, referrers: readonly Referrer[]): string {
  const some = referrers.map(
    ({ name: referrer, column, referred }) =>
      `exists (select from ${referrer} c where c.${ident(column)} = t.${ident(referred)} and c.${ident(column)} is not null)`,
  );
  return `create temporary table publish_referenced on commit drop as
    select s.id from publish_stage s join ${name} t on t.source_id = s.id where s.gone and (${some.length === 0 ? 'false' : some.join(' or ')})`;
}

function quoted(name: string): string {
  return `'${name.replaceAll("'", "''")}'`;
}
