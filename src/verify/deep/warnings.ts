import type { Tx } from '../../database/database';
import type { EntityFilter } from './deep-entity';

/** Stored rows whose foreign keys lead nowhere: no violation, since the parent may still come. */
export interface RowWarnings {
  /** `<pipeline>.<entity>` */
  readonly entity: string;
  readonly rule: string;
  readonly field: string;
  readonly parent: string;
  readonly rows: number;
  /** The oldest of them, ISO in UTC. */
  readonly since: string;
}

/** Counted by entity, rule and field. A database that only an older version has worked on has none. */
export async function readWarnings(tx: Tx, { pipeline, entity }: EntityFilter): Promise<RowWarnings[]> {
  const [made] = await tx.query<{ there: boolean }>(`select to_regclass('freshet.row_warning') is not null as there`);
  if (made?.there !== true) return [];
  const rows = await tx.query<Omit<RowWarnings, 'rows'> & { rows: string }>(
    `select pipeline || '.' || entity as entity, rule, field, parent_entity as parent, count(*) as rows,
            to_char(min(since) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
       from freshet.row_warning where ($1::text is null or pipeline = $1) and ($2::text is null or entity = $2)
      group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    [pipeline ?? null, entity ?? null],
  );
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }));
}
