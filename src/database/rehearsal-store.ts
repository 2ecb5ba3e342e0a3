import type { Database } from './database';

/** A rehearsal as it was kept. */
export interface RehearsalRow {
  readonly id: string;
  readonly pipeline: string;
  readonly entities: readonly string[];
  /** As it was asked for, and as an instant; `null`: every record. */
  readonly since: string | null;
  readonly since_at: string | null;
  readonly digest: string;
  readonly parts: Readonly<Record<string, unknown>>;
  /** Entities whose reject budget it would exceed. */
  readonly held: readonly string[];
  readonly actor: string;
  readonly created_at: string;
  readonly applied_by: string | null;
  readonly applied_at: string | null;
}

export type NewRehearsal = Omit<RehearsalRow, 'id' | 'created_at' | 'applied_by' | 'applied_at'> & { readonly environment: string };

/** The same once more is the same row. */
export async function keepRehearsal(db: Database, rehearsal: NewRehearsal): Promise<void> {
  const { environment, pipeline, entities, since, since_at: at, digest, parts, held, actor } = rehearsal;
  await db.query(
    `insert into freshet.rehearsal (environment, pipeline, entities, since, since_at, digest, parts, held, actor) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (environment, pipeline, digest) where applied_by is null do update set actor = excluded.actor, created_at = now()`,
    [environment, pipeline, entities, since, at, digest, JSON.stringify(parts), held, actor],
  );
}

/** The newest one of a pipeline whose digest begins so; absent: the newest. */
export async function findRehearsal(
  db: Database,
  { environment, pipeline, digest = '' }: { readonly environment: string; readonly pipeline: string; readonly digest?: string | undefined },
): Promise<RehearsalRow | undefined> {
  const [row] = await db.query<{ [Name in keyof RehearsalRow]: RehearsalRow[Name] }>(
    `select id, pipeline, entities, since, since_at, digest, parts, held, actor, created_at, applied_by, applied_at from freshet.rehearsal
      where environment = $1 and pipeline = $2 and starts_with(digest, $3) order by created_at desc, id desc limit 1`,
    [environment, pipeline, digest],
  );
  return row;
}

/** `false`: somebody else was first. */
export async function markApplied(db: Database, id: string, runId: string): Promise<boolean> {
  const rows = await db.query(
    `update freshet.rehearsal set applied_by = $2, applied_at = now() where id = $1 and applied_by is null returning id`,
    [id, runId],
  );
  return rows.length > 0;
}
