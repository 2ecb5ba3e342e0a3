import type { Extraction } from './extraction';
import { instantText } from './extraction';
import type { ExtractScope } from './extract-slice';

/** `sync_metadata_<entity>.json` beside a session's files: metadata, never data. `complete: true` is written last of all. */
export async function writeMetadata(scope: ExtractScope, extraction: Extraction, complete: boolean): Promise<void> {
  const { deps, input, ctx } = scope;
  const folder = `sync_sessions/${extraction.sessionId}/`;
  const batches = await deps.db.query<{ n: number; file: string; records: string; bytes: string; sha256: string; profile: unknown }>(
    `select n, file, records, bytes, sha256, profile from freshet.batch where extraction_id = $1 and state <> 'planned' order by n`,
    [extraction.id],
  );
  const [counts] = await deps.db.query<{ known: string; started_at_db: string }>(
    `select (select coalesce(sum(known), 0) from freshet.run_entity where extraction_id = $1) as known,
            (select started_at_db from freshet.extraction where id = $1) as started_at_db`,
    [extraction.id],
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
    // A session that lacks batches an earlier run landed elsewhere is no complete read of its own.
    complete: complete && batches.every(({ file }) => file.startsWith(folder)),
  };
  await ctx.fault('extract.before-metadata');
  const key = `${folder}sync_metadata_${input.entity}.json`;
  await deps.landing.write(key, [Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`)]);
}
