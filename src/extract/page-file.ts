import { profileRecords, type Profile } from '../json/profile';
import type { ExtractScope } from './extract-slice';
import type { Extraction } from './extraction';

export interface PageRecord {
  /** Cut from its answer. */
  readonly bytes: Buffer;
}

export interface PageContent {
  readonly records: readonly PageRecord[];
  /** Theirs, where it is known already. */
  readonly profile?: Profile;
}

export interface PageFile {
  readonly key: string;
  readonly records: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly profile: Profile;
}

/** Folder of an extraction's page files; they live until their batch is published. */
export function workFolder(extractionId: string): string {
  return `work/${extractionId}`;
}

/**
 * Lands the records of a page: a JSON array of the very bytes the source sent. The name carries the attempt's token,
 * so a zombie cannot overwrite what its successor wrote. `null` when the page has no records.
 */
export async function writePageFile(scope: ExtractScope, extraction: Extraction, content: PageContent): Promise<PageFile | null> {
  if (content.records.length === 0) return null;
  const key = `${workFolder(extraction.id)}/${extraction.position.seq}-${scope.fence.token}.json`;
  const writing = scope.deps.landing.write(key, arrayOf(content.records.map(({ bytes }) => bytes)));
  const profile = content.profile ?? profileOf(scope, content);
  const stored = await writing;
  return { key, records: content.records.length, bytes: stored.bytes, sha256: stored.sha256, profile };
}

function profileOf({ deps }: ExtractScope, { records }: PageContent): Profile {
  return profileRecords(
    records.map(({ bytes }) => bytes),
    deps.definition.lineItems?.field ?? null,
  );
}

const OPEN = Buffer.from('[');
const BETWEEN = Buffer.from(',\n');
const CLOSE = Buffer.from(']');

function arrayOf(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [OPEN];
  records.forEach((record, index) => {
    if (index > 0) parts.push(BETWEEN);
    parts.push(record);
  });
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

/**
 * Removes what no page needs any more: files of attempts that never made it into a page row, of pages whose batch is published, and
 * the folders of this entity's extractions that are closed or abandoned.
 */
export async function sweepWorkFolder(scope: ExtractScope, extractionId: string): Promise<void> {
  const { db, landing } = scope.deps;
  const keys = await landing.list('work');
  const needed = new Set(
    (
      await db.query<{ work_file: string }>(
        `select work_file from freshet.page where extraction_id = $1 and work_file is not null and file is null`,
        [extractionId],
      )
    ).map((row) => row.work_file),
  );
  const own = `${workFolder(extractionId)}/`;
  for (const key of keys) if (key.startsWith(own) && !needed.has(key)) await landing.remove(key);
  const others = [...new Set(keys.flatMap((key) => /^work\/([^/]+)\//.exec(key)?.[1] ?? []))];
  const ended = await db.query<{ id: string }>(
    `select id from freshet.extraction where id = any ($1) and pipeline = $2 and entity = $3 and state <> 'open'`,
    [others, scope.input.pipeline, scope.input.entity],
  );
  for (const { id } of ended) await landing.remove(workFolder(id));
}
