import type { Database } from '../database/database';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import { instantText } from './extraction';

export interface MetadataDeps {
  readonly db: Database;
  readonly landing: LandingStore;
  readonly ctx: StageContext;
}

/** A complete extraction, as PostgreSQL knows it. */
interface CompleteRow {
  readonly pipeline: string;
  readonly entity: string;
  readonly session_id: string;
  readonly owner_run: string;
  readonly read_kind: string;
  readonly from_text: string | null;
  readonly source_started_at: string | null;
  readonly started_at_db: string | null;
  readonly known: string;
}

/** Where the metadata of an entity's extraction lies, within landing. */
export function metadataKey(sessionId: string, entity: string): string {
  return `sync_sessions/${sessionId}/sync_metadata_${entity}.json`;
}

/**
 * `sync_metadata_<entity>.json` beside a session's files: metadata, never data. Written last of all, when the extraction is complete, from
 * what PostgreSQL knows: whoever comes later writes the same.
 */
export async function writeMetadata({ db, landing, ctx }: MetadataDeps, extractionId: string): Promise<void> {
  const [row] = await db.query<CompleteRow>(
    `select pipeline, entity, session_id, owner_run, read_kind, from_text, source_started_at, started_at_db,
            (select coalesce(sum(known), 0) from freshet.run_entity where extraction_id = $1) as known
       from freshet.extraction where id = $1 and state = 'complete'`,
    [extractionId],
  );
  if (row === undefined) throw new RangeError(`extraction ${extractionId} is not complete`);
  const batches = await db.query<{ n: number; file: string; records: string; bytes: string; sha256: string; profile: unknown }>(
    `select n, file, records, bytes, sha256, profile from freshet.batch where extraction_id = $1 and state <> 'planned' order by n`,
    [extractionId],
  );
  const metadata = {
    tool: 'freshet',
    format: 1,
    run: row.owner_run,
    pipeline: row.pipeline,
    entity: row.entity,
    extraction: extractionId,
    read: row.read_kind,
    from: row.from_text,
    source_clock: instantText(row.source_started_at),
    started_at: instantText(row.started_at_db),
    known: Number(row.known),
    records: batches.reduce((sum, batch) => sum + Number(batch.records), 0),
    batches: batches.map((batch) => ({ ...batch, records: Number(batch.records), bytes: Number(batch.bytes) })),
    // A session that lacks batches an earlier run landed elsewhere is no complete read of its own.
    complete: batches.every(({ file }) => file.startsWith(`sync_sessions/${row.session_id}/`)),
  };
  await ctx.fault('extract.before-metadata');
  await landing.write(metadataKey(row.session_id, row.entity), [Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`)]);
}
