import type { Tx } from '../database/database';
import { columnsOf, IS_ROW, staged, type MergeShape } from './merge-sql';

/**
 * Most rows need no decision about single fields (decision 0018). `fresh`: neither base nor target knows the record, it is made. `plain`:
 * its row is as we left it, so it becomes what the source says, whatever the strategy. The merge goes field by field through the `other` ones.
 */
export type RowKind = 'fresh' | 'plain' | 'other';

/** Rows of a chunk by kind. */
export interface RowKinds {
  readonly fresh: number;
  /** As the source says already; of these `behind`: the base does not know of the record's batch yet. */
  readonly same: number;
  readonly behind: number;
  /** Plain rows to be written. */
  readonly moved: number;
  readonly other: number;
  /** Whether unique values are new, which another row may have. */
  readonly keyMoves: boolean;
}

/** Puts every record of the stage beside its base and its target. */
export async function sortRows(tx: Tx, shape: MergeShape): Promise<RowKinds> {
  await tx.query(sortSql(shape));
  await tx.query('analyze publish_row (seq)');
  const rows = await tx.query<{ kind: RowKind; moved: boolean; behind: boolean; key_moves: boolean; n: string }>(COUNTS_SQL);
  const sum = (keep: (row: (typeof rows)[number]) => boolean): number => rows.filter(keep).reduce((total, { n }) => total + Number(n), 0);
  return {
    fresh: sum(({ kind }) => kind === 'fresh'),
    same: sum(({ kind, moved }) => kind === 'plain' && !moved),
    behind: sum(({ kind, moved, behind }) => kind === 'plain' && !moved && behind),
    moved: sum(({ kind, moved }) => kind === 'plain' && moved),
    other: sum(({ kind }) => kind === 'other'),
    keyMoves: rows.some((row) => row.key_moves),
  };
}

const COUNTS_SQL = `select kind, moved, held_batch <> batch as behind, bool_or(key_moves) as key_moves, count(*) as n
   from publish_row group by 1, 2, 3`;

/** `lateral … offset 0`: each row is looked up; while a table grows PostgreSQL knows it as small, and would read all of it for every chunk. */
function sortSql(shape: MergeShape): string {
  const { typed, target } = shape;
  const columns = columnsOf(shape);
  const { name, place } = columns.find((column) => typed.columns[column.place]!.name === target.uniqueField)!;
  return `create temporary table publish_row on commit drop as
    select s.seq, s.id, s.batch, t.ctid as tid, b.ctid as bid, coalesce(b.freshet_batch, 0) as held_batch, ${kindSql(shape)} as kind,
           ${columns.map((column) => `s.${staged(column.place)} is distinct from b.${column.name}`).join(' or ')} as moved,
           not s.gone and s.verdict is null and s.${staged(place)} is not null
             and (b.freshet_state is distinct from 'live' or s.${staged(place)} is distinct from b.${name}) as key_moves
      from publish_stage s
      left join lateral (select b.ctid, b.* from ${typed.companion} b where b.freshet_id = s.id offset 0) b on true
      left join lateral (select t.ctid, t.* from ${typed.name} t where t.source_id = s.id offset 0) t on true`;
}

function kindSql(shape: MergeShape): string {
  const plain = [
    `b.freshet_state = 'live'`,
    ...(shape.full ? [] : ['b.freshet_batch <= s.batch']),
    ...(shape.absent ? ['s.absent is null'] : []),
    ...(shape.pinned ? ['s.pinned is null'] : []),
    ...columnsOf(shape).map(({ name }) => `t.${name} is not distinct from b.${name}`),
  ];
  return `case when s.gone or s.verdict is not null then 'other' when t.ctid is null and b.ctid is null then 'fresh'
               when t.ctid is null or b.ctid is null then 'other' ${shape.target.updateExisting ? `when ${plain.join(' and ')} then 'plain'` : ''} else 'other' end`;
}

const ROWS = `from publish_row p join publish_stage s on s.seq = p.seq`;

const assigned = (shape: MergeShape): string =>
  columnsOf(shape)
    .map(({ name, place }) => `${name} = s.${staged(place)}`)
    .join(', ');

export const updatePlainSql = (shape: MergeShape): string =>
  `update ${shape.typed.name} t set ${assigned(shape)}, updated_at = now() ${ROWS} where p.kind = 'plain' and p.moved and ${IS_ROW}`;

export const updatePlainBaseSql = (shape: MergeShape): string =>
  `update ${shape.typed.companion} b set freshet_batch = p.batch, ${assigned(shape)} ${ROWS}
    where p.kind = 'plain' and (p.moved or p.held_batch <> p.batch) and b.ctid = p.bid`;

const columnsAndValues = (shape: MergeShape): readonly [string, string] => [
  columnsOf(shape)
    .map(({ name }) => name)
    .join(', '),
  columnsOf(shape)
    .map(({ place }) => `s.${staged(place)}`)
    .join(', '),
];

export const insertFreshSql = (shape: MergeShape): string => {
  const [columns, values] = columnsAndValues(shape);
  return `insert into ${shape.typed.name} (${columns}, source_id) select ${values}, p.id ${ROWS} where p.kind = 'fresh'`;
};

export const insertFreshBaseSql = (shape: MergeShape): string => {
  const [columns, values] = columnsAndValues(shape);
  return `insert into ${shape.typed.companion} (freshet_id, freshet_batch, freshet_state, ${columns}) select p.id, p.batch, 'live', ${values} ${ROWS} where p.kind = 'fresh'`;
};
