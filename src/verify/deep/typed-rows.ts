import { ident } from '../../database/identifier';
import type { DeepEntity } from './deep-entity';
import type { TypedPlace } from './typed-place';

/** The three tables of an entity that publishes, all there. */
export interface TypedTables extends TypedPlace {
  readonly typed: string;
  readonly companion: string;
  /** Quoted. */
  readonly raw: string;
  readonly entity: DeepEntity;
}

/** A check over the rows of the three tables. $1 pipeline, $2 entity, $3 the `batch_no` up to which everything is published. */
export interface RowCheck {
  /** kebab-case, stable. */
  readonly name: string;
  /** Follows the number of offenders. */
  readonly what: string;
  /** What to do, as one sentence without a capital. */
  readonly remedy: (tables: TypedTables) => string;
  /** Selects the offenders; `null`: these tables cannot be asked. */
  readonly sql: (tables: TypedTables) => string | null;
}

const run = ({ entity }: TypedTables): string => `./freshet run ${entity.pipeline} --entity ${entity.entity} --full`;
const key = ({ uniqueField }: TypedTables, of = 't'): string => `${of}.${ident(uniqueField)}::text as "key"`;

/** Raw rows beside their base and their typed row. */
const SIDES = ({ raw, companion, typed }: TypedTables): string =>
  `${raw} r left join ${companion} c on c.freshet_id = r.id left join ${typed} t on t.source_id = r.id`;
const OFFERED = `r.batch_no <= $3 and c.freshet_batch >= r.batch_no`;

const PUT_OFF = `exists (select from freshet.publish_pending q where q.pipeline = $1 and q.entity = $2 and q.record_id = r.id)
  or exists (select from freshet.reject j where j.pipeline = $1 and j.entity = $2 and j.stage = 'publish' and j.closed_by_run is null and j.record_id = r.id)`;
const CONFLICT = (record: string, field: string): string =>
  `exists (select from freshet.conflict k where k.pipeline = $1 and k.entity = $2 and k.record_id = ${record} and k.field = ${field} and k.state <> 'moot')`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const differs = (column: string): string => `t.${ident(column)} is distinct from c.${ident(column)}`;
/** A person's edit, as far as the table's trigger saw it. */
const UNEDITED = 't.edited_at is null';

export const ROW_CHECKS: readonly RowCheck[] = [
  {
    name: 'typed-passed-over',
    what: 'raw rows that were never offered to the typed table, although everything up to their batch_no is published',
    remedy: (tables) => `${run(tables)} publishes them`,
    sql: (tables) =>
      tables.published === null
        ? null
        : `select r.id, r.batch_no, c.freshet_batch as offered from ${SIDES(tables)}
            where r.batch_no <= $3 and (c.freshet_id is null or c.freshet_batch < r.batch_no)`,
  },
  {
    name: 'typed-unaccounted',
    what: 'raw rows that are neither published, nor refused with a reject, nor waiting',
    remedy: (tables) => `${run(tables)} judges them again`,
    // Where existing rows are left alone, that is why.
    sql: (tables) => `select r.id, r.batch_no, c.freshet_state as state from ${SIDES(tables)}
      where ${OFFERED} and r.deleted_at is null and c.freshet_state <> 'live' and not (${PUT_OFF})
        ${tables.rules?.update_existing === false ? 'and t.source_id is null' : ''}`,
  },
  {
    name: 'typed-delete-missed',
    what: 'rows whose record the source deleted, and that stand in the typed table as if it had not',
    remedy: (tables) => `${run(tables)} deletes them as publish.deletes says`,
    sql: (tables) => {
      const { rules, columns } = tables;
      if (rules === null || rules.deletes === 'keep') return null;
      // An edited row is no longer only the source's to remove.
      const edited = [`not (${UNEDITED})`, CONFLICT('r.id', `''`), ...columns.map(differs)].join(' or ');
      return `select r.id, ${key(tables)}, r.deleted_at from ${SIDES(tables)}
        where ${OFFERED} and r.deleted_at is not null and c.freshet_state = 'live' and t.source_id is not null
          ${rules.deletes === 'delete' ? `and not (${edited})` : ''}`;
    },
  },
  {
    name: 'typed-flag-differs',
    what: 'rows whose deleted_at is not as freshet left it, and that nobody edited',
    remedy: ({ label }) => `set deleted_at of these rows in ${label} right by hand; edited_at then says that a person did`,
    sql: (tables) => `select r.id, ${key(tables)}, c.freshet_state as written, t.deleted_at from ${SIDES(tables)}
      where ${OFFERED} and t.source_id is not null and ${UNEDITED}
        and ((c.freshet_state = 'deleted' and r.deleted_at is not null and t.deleted_at is null)
          or (c.freshet_state = 'live' and r.deleted_at is null and t.deleted_at is not null))`,
  },
  {
    name: 'typed-value-differs',
    what: 'values that are not what freshet last wrote, without an edit, a conflict or a decision that would explain it',
    remedy: ({ label }) =>
      `write the right values into ${label} by hand; edited_at then says that a person did, and the source's next change decides as conflict_strategy says`,
    sql: (tables) => {
      if (tables.columns.length === 0) return null;
      const fields = tables.columns.map((name) => `(${literal(name)}, t.${ident(name)}::text, c.${ident(name)}::text, ${differs(name)})`);
      return `select t.source_id as id, ${key(tables)}, d.field, d.held, d.written
        from ${tables.typed} t join ${tables.companion} c on c.freshet_id = t.source_id
       cross join lateral (values ${fields.join(', ')}) d (field, held, written, differs)
       where d.differs and c.freshet_state <> 'none' and ${UNEDITED} and not ${CONFLICT('t.source_id', 'd.field')}`;
    },
  },
  {
    name: 'typed-without-record',
    what: 'rows of the typed table whose record the raw table does not have',
    remedy: ({ label, entity }) =>
      `bring the records back with ./freshet run ${entity.pipeline} --entity ${entity.entity} --full; rows that the source has no more, delete from ${label} by hand`,
    sql: (tables) =>
      tables.rules?.deletes === 'keep'
        ? null
        : `select t.source_id as id, ${key(tables)} from ${tables.typed} t
            where t.source_id is not null and not exists (select from ${tables.raw} r where r.id = t.source_id)`,
  },
  {
    name: 'typed-without-base',
    what: 'rows of the typed table of which freshet does not know what it last wrote',
    remedy: (tables) => `${run(tables)} compares them with their records; where they differ, conflict_strategy decides`,
    sql: (tables) => `select t.source_id as id, ${key(tables)}, c.freshet_state as state
      from ${tables.typed} t left join ${tables.companion} c on c.freshet_id = t.source_id
     where t.source_id is not null and ${tables.rules?.update_existing === false ? 'c.freshet_id is null' : `coalesce(c.freshet_state, 'none') = 'none'`}`,
  },
  {
    name: 'typed-waiting-for-nothing',
    what: 'records that are to be tried again, and that the raw table does not have',
    remedy: ({ entity }) => `bring the records back with ./freshet run ${entity.pipeline} --entity ${entity.entity} --full`,
    sql: ({ raw }) => `select q.record_id as id, q.kind, q.since from freshet.publish_pending q
      where q.pipeline = $1 and q.entity = $2 and not exists (select from ${raw} r where r.id = q.record_id)`,
  },
];
