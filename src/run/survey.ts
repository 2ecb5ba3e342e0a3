import type { Database } from '../database/database';
import type { StageContext } from '../observability/stage-context';
import type { SourceClient, Survey } from '../sources/source';
import type { RunEntity } from './run-config';

interface Surveying {
  readonly db: Database;
  readonly client: SourceClient;
  readonly pipeline: string;
  readonly entity: RunEntity;
}

export interface Surveyed extends Pick<Survey, 'counter' | 'counterAtMost'> {
  /** What is known of the entity is another thing than before: whoever holds its definition must read it anew. */
  readonly changed: boolean;
}

/** Asks the server what it knows of an entity, and keeps it beside the pipeline's entity; `null` where all servers of a source are alike. */
export async function surveyEntity({ db, client, pipeline, entity }: Surveying, ctx: StageContext): Promise<Surveyed | null> {
  if (client.survey === undefined) return null;
  const { definition, counter, counterAtMost } = await client.survey({ entity: entity.object }, ctx);
  const [kept] = await db.query(`select from freshet.pipeline_entity where pipeline = $1 and entity = $2 and definition = $3::jsonb`, [
    pipeline,
    entity.name,
    JSON.stringify(definition),
  ]);
  if (kept === undefined) await keep(db, { pipeline, entity: entity.name, definition });
  return { counter, counterAtMost, changed: kept === undefined };
}

async function keep(
  db: Database,
  { pipeline, entity, definition }: { pipeline: string; entity: string } & Pick<Survey, 'definition'>,
): Promise<void> {
  await db.query(`update freshet.pipeline_entity set definition = $3::jsonb where pipeline = $1 and entity = $2`, [
    pipeline,
    entity,
    JSON.stringify(definition),
  ]);
}
