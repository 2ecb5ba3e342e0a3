import type { PipelineSettings } from '../config/schema/pipeline-file';
import type { Database } from '../database/database';
import { endEntity, type RunRow } from '../database/run-store';
import { freshReason } from '../domain/fresh';
import { instantText } from '../extract/extraction';
import type { StageContext } from '../observability/stage-context';

/** Wishes for a certain read: whoever asked for one is not told that the table is fresh. */
const MEANT = ['force', 'full', 'approve_deletes', 'limit', 'cutoff_days'] as const;

interface Fresh {
  readonly run: RunRow;
  readonly pipeline: Pick<PipelineSettings, 'entities' | 'fresh_for'>;
}

/** Only a run that was asked for nothing in particular leaves anything out. */
export function mayBeFresh({ kind, command }: Pick<RunRow, 'kind' | 'command'>): boolean {
  return kind === 'sync' && MEANT.every((wish) => !(wish in command) || command[wish] === false);
}

/** Ends, as `skipped: fresh until …`, the entities of a run whose last read is good, without doubt, and not `fresh_for` old yet. */
export async function skipFresh(db: Database, { run, pipeline }: Fresh, ctx: StageContext): Promise<void> {
  const asked = freshFor(pipeline);
  if (asked.length === 0) return;
  for (const { entity, until } of await freshUntil(db, { name: run.pipeline, asked, runId: run.id }))
    await endEntity(db, { runId: run.id, entity, state: 'skipped', reason: freshReason(until) }, ctx);
}

interface FreshFor {
  readonly entity: string;
  readonly ms: number;
}

export function freshFor({ entities, fresh_for: ofAll }: Fresh['pipeline']): FreshFor[] {
  return Object.entries(entities).flatMap(([entity, { fresh_for: own }]) => {
    const ms = own ?? ofAll ?? 0;
    return ms === 0 ? [] : [{ entity, ms }];
  });
}

export interface FreshQuestion {
  readonly name: string;
  readonly asked: readonly FreshFor[];
  /** Only entities that wait in this run; absent: all. */
  readonly runId?: string;
}

/** Which entities are fresh, and until when (ISO). By the database's clock; a table that somebody dropped is not. */
export async function freshUntil(db: Database, { name, asked, runId }: FreshQuestion): Promise<{ entity: string; until: string }[]> {
  const rows = await db.query<{ entity: string; until: string }>(
    `select pe.entity, pe.as_of_db + f.ms * interval '1 millisecond' as until
       from unnest($2::text[], $3::float8[]) f (entity, ms)
       join freshet.pipeline_entity pe on pe.pipeline = $1 and pe.entity = f.entity
       join freshet.run_entity good on good.run_id = pe.last_good_run and good.entity = pe.entity and good.doubts = '[]'
      where pe.as_of_db + f.ms * interval '1 millisecond' > now()
        and exists (select from pg_catalog.pg_tables where schemaname = pe.raw_schema and tablename = pe.raw_table)
        and ($4::text is null or exists (select from freshet.run_entity re where re.run_id = $4 and re.entity = pe.entity and re.state = 'waiting'))`,
    [name, asked.map(({ entity }) => entity), asked.map(({ ms }) => ms), runId ?? null],
  );
  return rows.map(({ entity, until }) => ({ entity, until: instantText(until) ?? until }));
}
