import type { Extraction } from './extraction';
import { instantText } from './extraction';
import type { ExtractScope } from './extract-slice';

/** `sync_metadata_<entity>.json` beside a session's files: metadata, never data. `complete: true` is written last of all. */
export async function writeMetadata(scope: ExtractScope, extraction: Extraction, complete: boolean): Promise<void> {
  const { deps, input, ctx } = scope;
  const batches = await deps.db.query<{ n: number; file: string; records: string; bytes: string; sha256: string; profile: unknown }>(
    `select n, file, records, bytes, sha256, profile from freshet.batch where extraction_id = $1 and state <> 'planned' order by n`,
    [extraction.id],
  );
  const [counts] = await deps.db.query<{ known: string; started_at_db: string }>(
    `select re.known, x.started_at_db from freshet.run_entity re join freshet.extraction x on x.id = re.extraction_id
      where re.run_id = $1 and re.entity = $2`,
    [input.runId, input.entity],
  );
  const metadata = {
    tool: 'freshet',
    format: 1,
    run: input.runId,
    pipeline: input.pipeline,
    entity: input.entity,
    extraction: extraction.id,
    read: extraction.read,
    from: extraction.from,
    source_clock: extraction.sourceStartedAt,
    started_at: instantText(counts?.started_at_db ?? null),
    known: Number(counts?.known ?? 0),
    records: batches.reduce((sum, batch) => sum + Number(batch.records), 0),
    batches: batches.map((batch) => ({ ...batch, records: Number(batch.records), bytes: Number(batch.bytes) })),
    complete,
  };
  await ctx.fault('extract.before-metadata');
  const key = `sync_sessions/${extraction.sessionId}/sync_metadata_${input.entity}.json`;
  await deps.landing.write(key, [Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`)]);
}
