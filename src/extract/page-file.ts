import { profileRecords, type Profile } from '../json/profile';
import type { ExtractScope } from './extract-slice';
import type { Extraction } from './extraction';

export interface PageContent {
  /** Bytes of each record, cut from its answer. */
  readonly records: readonly Buffer[];
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
  const profile = profileRecords(content.records, scope.deps.definition.lineItems?.field ?? null);
  const stored = await scope.deps.landing.write(key, arrayOf(content.records));
  return { key, records: content.records.length, bytes: stored.bytes, sha256: stored.sha256, profile };
}

const OPEN = Buffer.from('[');
const BETWEEN = Buffer.from(',\n');
const CLOSE = Buffer.from(']');

function* arrayOf(records: readonly Buffer[]): Iterable<Uint8Array> {
  const parts: Buffer[] = [OPEN];
  records.forEach((record, index) => {
    if (index > 0) parts.push(BETWEEN);
    parts.push(record);
  });
  parts.push(CLOSE);
  yield Buffer.concat(parts);
}

/** Removes page files of attempts before this one that never made it into a page row. */
export async function sweepWorkFolder(scope: ExtractScope, extractionId: string): Promise<void> {
  const booked = new Set(
    (
      await scope.deps.db.query<{ work_file: string }>(
        `select work_file from freshet.page where extraction_id = $1 and work_file is not null`,
        [extractionId],
      )
    ).map((row) => row.work_file),
  );
  for (const key of await scope.deps.landing.list(workFolder(extractionId))) {
    if (!booked.has(key)) await scope.deps.landing.remove(key);
  }
}
