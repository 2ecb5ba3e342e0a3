import type { Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import type { DoubtFacts } from './doubt';
import { seenTable } from './open-extraction';
import { neverHeldStill } from './position';
import { questionOf } from './read-plan';

/** Gathers what the verdict over a read needs, with at most one look-up at the source. */
export async function doubtFacts(scope: ExtractScope, extraction: Extraction): Promise<DoubtFacts> {
  const { deps, input, watermark } = scope;
  const [row] = await deps.db.query<{ listed: string; live: string }>(
    `select (select count(*) from ${seenTable(extraction.id)}) as listed,
            coalesce((select live from freshet.table_owner where schema = $1 and "table" = $2), 0) as live`,
    [input.target.schema, input.target.table],
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
    `select listed from freshet.extraction
      where pipeline = $1 and entity = $2 and partition = $3 and read_kind = $4 and state = 'complete'
      order by completed_at desc limit 10`,
    [scope.input.pipeline, scope.input.entity, scope.input.partition, extraction.read],
  );
  return rows.map((row) => Number(row.listed));
}
