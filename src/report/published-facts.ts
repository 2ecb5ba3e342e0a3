import type { Database } from '../database/database';
import { COUNTS, type PublishCounts } from '../domain/publish-ledger';
import { iso } from './entity-facts';

/** What one run made of an entity in its typed table. Instants are ISO text in UTC. */
export interface Published extends PublishCounts {
  /** `schema.table` */
  readonly table: string;
  /** Why every row was looked at; `null`: only what had changed. */
  readonly full_reason: string | null;
  /** `null`: it is not done, or was not done. */
  readonly completed_at: string | null;
  /** Rows stored by this run that break a rule of severity warning and still stand so: the first `WARNINGS_SHOWN`; `warnings` counts all. */
  readonly warned: readonly PublishWarning[];
}

export interface PublishWarning {
  readonly record_id: string;
  /** What the row's unique field says. */
  readonly unique_value: string | null;
  readonly rule: string;
  readonly field: string;
  readonly value: string | null;
  readonly message: string;
}

/** Warnings that a report spells out. */
export const WARNINGS_SHOWN = 20;

type LedgerRow = Readonly<Record<keyof PublishCounts, string>> &
  Pick<Published, 'table' | 'full_reason' | 'completed_at'> & { readonly entity: string };

/** What a run published, by entity. A database that only an older version has worked on knows of none. */
export async function readPublished(db: Database, runId: string): Promise<ReadonlyMap<string, Published>> {
  if (!(await isThere(db, 'freshet.publish_ledger'))) return new Map();
  const rows = await db.query<{ [Name in keyof LedgerRow]: LedgerRow[Name] }>(
    `select entity, schema || '.' || "table" as table, full_reason, ${iso('completed_at')} as completed_at, ${COUNTS.join(', ')}
       from freshet.publish_ledger where run_id = $1`,
    [runId],
  );
  const warns = rows.some(({ warnings }) => warnings !== '0') && (await isThere(db, 'freshet.publish_warning'));
  const warned = warns ? await db.query<PublishWarning & { readonly entity: string }>(WARNED, [runId, WARNINGS_SHOWN]) : [];
  return new Map(
    rows.map(({ entity, table, full_reason, completed_at, ...counts }) => [
      entity,
      {
        ...publishCounts(counts),
        table,
        full_reason,
        completed_at,
        warned: warned.filter((warning) => warning.entity === entity).map(({ entity: _, ...warning }) => warning),
      },
    ]),
  );
}

const WARNED = `select entity, record_id, unique_value, rule, field, value, message
   from (select *, row_number() over (partition by entity order by record_id, rule, field) as place from freshet.publish_warning where run_id = $1) w
  where place <= $2 order by entity, place`;

/** Counts as PostgreSQL gives them, as numbers. */
export function publishCounts(row: Readonly<Record<keyof PublishCounts, string>>): PublishCounts {
  return Object.fromEntries(COUNTS.map((name) => [name, Number(row[name])])) as unknown as PublishCounts;
}

export async function isThere(db: Database, table: string): Promise<boolean> {
  const [row] = await db.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [table]);
  return row?.there === true;
}
