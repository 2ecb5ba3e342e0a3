import type { Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import type { DoubtFacts } from './doubt';
import { neverHeldStill } from './position';
import { questionOf } from './read-plan';

/** Gathers what the verdict over a read needs, with at most one look-up at the source. */
export async function doubtFacts(scope: ExtractScope, extraction: Extraction): Promise<DoubtFacts> {
  const { deps, input, watermark } = scope;
  const [row] = await deps.db.query<{ listed: string; live: string }>(
    `select re.listed, coalesce((select live from freshet.table_owner where schema = $3 and "table" = $4), 0) as live
       from freshet.run_entity re where re.run_id = $1 and re.entity = $2`,
    [input.runId, input.entity, input.target.schema, input.target.table],
  );
  return {
    read: extraction.read,
    listed: Number(row?.listed ?? 0),
    liveBefore: Number(row?.live ?? 0),
    carrierMissing: await carrierMissing(scope, extraction),
    carrier: watermark?.carrierId ?? null,
    neverHeldStill: neverHeldStill(extraction.position),
    samePageTwice: extraction.position.samePage,
    history: await listedBefore(scope, extraction),
  };
}

/** The carrier was not listed: is it deleted, or did the list leave it out? */
async function carrierMissing(scope: ExtractScope, extraction: Extraction): Promise<boolean> {
  const { deps, input, watermark, ctx } = scope;
  const carrier = watermark?.carrierId ?? null;
  if (carrier === null || extraction.carrierSeen || watermark?.question !== questionOf(deps.definition, input.filters)) return false;
  if (deps.definition.detail === null) return extraction.read === 'incremental';
  const answer = await deps.client.detail({ entity: input.entity, id: carrier }, ctx);
  return answer.found;
}

async function listedBefore(scope: ExtractScope, extraction: Extraction): Promise<number[]> {
  const rows = await scope.deps.db.query<{ listed: string }>(
    `select re.listed from freshet.run_entity re join freshet.run r on r.id = re.run_id
      where r.pipeline = $1 and re.entity = $2 and re.read_kind = $3 and re.state = 'completed' and re.resumed = 0
      order by re.completed_at desc limit 10`,
    [scope.input.pipeline, scope.input.entity, extraction.read],
  );
  return rows.map((row) => Number(row.listed));
}
