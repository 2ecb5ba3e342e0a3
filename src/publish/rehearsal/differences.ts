import type { Database } from '../../database/database';
import { ident } from '../../database/identifier';
import { castSql } from '../../sources/column-join';
import type { Target } from '../mapping/mapping';
import { WAS, type ShadowEntity } from './shadow';

/** A cell before and after, as PostgreSQL writes it; `null` is NULL. */
export interface ChangedCell {
  readonly key: string | null;
  readonly old: string | null;
  readonly new: string | null;
}

/** A column of a typed table in rows that are there before and after. */
export interface ColumnDifference {
  readonly column: string;
  readonly type: string;
  /** `null`: the column is new. */
  readonly type_was: string | null;
  /** Rows in which it differs; `filled`: of these, it had no value before; `cleared`: it has none after. */
  readonly rows: number;
  readonly filled: number;
  readonly cleared: number;
  readonly samples: readonly ChangedCell[];
}

export interface RowSample {
  readonly key: string | null;
  readonly values: Readonly<Record<string, string | null>>;
}

export interface Differences {
  readonly columns: readonly ColumnDifference[];
  readonly created: { readonly rows: number; readonly samples: readonly RowSample[] };
  /** Taken out of the table; flagged as deleted; no longer flagged. */
  readonly removed: { readonly rows: number; readonly keys: readonly string[] };
  readonly flagged: number;
  readonly unflagged: number;
}

/** Of a long text. */
const CUT = 1_000;

interface Comparing {
  readonly entity: ShadowEntity;
  readonly columns: readonly Target[];
  readonly samples: number;
}

/** What a publish into the copy made different from the table that was copied. */
export async function differences(db: Database, of: Comparing): Promise<Differences> {
  const { entity, samples } = of;
  const key = ident(entity.original.target.uniqueField);
  const created = await db.query<{ [Name in keyof RowSample]: RowSample[Name] }>(createdSql(of, key), [samples]);
  const counted = await count(db, of);
  const removed =
    entity.from === null
      ? []
      : await db.query<{ key: string }>(
          `select left(p.${key}::text, ${CUT}) as key from ${entity.from} p
            where not exists (select from ${entity.name} s where s.${WAS} = p.ctid) order by p.${key} limit $1`,
          [counted.removed === 0 ? 0 : samples],
        );
  const columns: ColumnDifference[] = [];
  for (const [place, { name, type }] of of.columns.entries()) {
    const [rows, filled, cleared] = ['n', 'filled', 'cleared'].map((what) => Number(counted.row[`${what}_${place}`] ?? 0)) as [
      number,
      number,
      number,
    ];
    const shown = rows === 0 ? [] : await cells(db, of, { place, key });
    columns.push({ column: name, type, type_was: typeWas(of, name), rows, filled, cleared, samples: shown });
  }
  const { row } = counted;
  return {
    columns,
    created: { rows: Number(row['created']), samples: created },
    removed: { rows: counted.removed, keys: removed.map(({ key: each }) => each) },
    flagged: Number(row['flagged'] ?? 0),
    unflagged: Number(row['unflagged'] ?? 0),
  };
}

const typeWas = ({ entity }: Comparing, column: string): Target['type'] | null =>
  entity.columns.find(({ name }) => name === column)?.type ?? null;

function createdSql({ entity, columns }: Comparing, key: string): string {
  const pairs = columns.map(({ name }) => `'${name.replaceAll("'", "''")}', left(s.${ident(name)}::text, ${CUT})`);
  const only = entity.from === null ? 'true' : `s.${WAS} is null`;
  return `select left(s.${key}::text, ${CUT}) as key, jsonb_build_object(${pairs.join(', ')}) as values from ${entity.name} s where ${only} order by s.${key} limit $1`;
}

/** The old value in the type that the column has now. */
function was(of: Comparing, { name, type }: Target): string {
  const before = typeWas(of, name);
  return before === null ? 'null' : castSql(`p.${ident(name)}`, before, type);
}

const differs = (of: Comparing, column: Target): string =>
  `(s.${ident(column.name)} is distinct from ${typeWas(of, column.name) === null ? `null::${column.type}` : was(of, column)})`;

async function count(db: Database, of: Comparing): Promise<{ readonly row: Readonly<Record<string, string>>; readonly removed: number }> {
  const { entity, columns } = of;
  if (entity.from === null) {
    const [row] = await db.query<Record<string, string>>(`select count(*) as created from ${entity.name}`);
    return { row: row!, removed: 0 };
  }
  const there = `s.${WAS} is not null`;
  const figures = columns.flatMap((column, place) => {
    const differing = `${there} and ${differs(of, column)}`;
    return [
      `count(*) filter (where ${differing}) as n_${place}`,
      `count(*) filter (where ${differing} and ${was(of, column)} is null) as filled_${place}`,
      `count(*) filter (where ${differing} and s.${ident(column.name)} is null) as cleared_${place}`,
    ];
  });
  const [row] = await db.query<Record<string, string>>(
    `select count(*) filter (where not (${there})) as created, count(*) filter (where ${there}) as stayed,
            count(*) filter (where ${there} and s.deleted_at is not null and p.deleted_at is null) as flagged,
            count(*) filter (where ${there} and s.deleted_at is null and p.deleted_at is not null) as unflagged,
            (select count(*) from ${entity.from}) as before, ${figures.join(', ')}
       from ${entity.name} s left join ${entity.from} p on p.ctid = s.${WAS}`,
  );
  return { row: row!, removed: Number(row!['before']) - Number(row!['stayed']) };
}

async function cells(
  db: Database,
  of: Comparing,
  { place, key }: { readonly place: number; readonly key: string },
): Promise<ChangedCell[]> {
  const column = of.columns[place]!;
  return db.query<{ [Name in keyof ChangedCell]: ChangedCell[Name] }>(
    `select left(s.${key}::text, ${CUT}) as key, left((${was(of, column)})::text, ${CUT}) as old, left(s.${ident(column.name)}::text, ${CUT}) as new
       from ${of.entity.name} s join ${of.entity.from!} p on p.ctid = s.${WAS} where ${differs(of, column)} order by s.${key} limit $1`,
    [of.samples],
  );
}
