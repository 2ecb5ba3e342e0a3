import { profileRecords, type Profile } from '../json/profile';
import type { Slice } from '../json/slices';
import type { ExtractScope, LandScope } from './extract-slice';
import type { Extraction } from './extraction';

/** A record and its place in the answer that held it. */
export interface PageRecord extends Slice {
  readonly source: Buffer;
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
export async function writePageFile(scope: LandScope, extraction: Extraction, content: PageContent): Promise<PageFile | null> {
  if (content.records.length === 0) return null;
  const key = `${workFolder(extraction.id)}/${extraction.position.seq}-${scope.fence.token}.json`;
  const page = arrayOf(content.records);
  await scope.draft.add(key, page);
  const writing = scope.deps.landing.write(key, page);
  const profile = content.profile ?? profileOf(scope, content);
  const stored = await writing;
  count(scope, content.records.length, stored.bytes);
  return { key, records: content.records.length, bytes: stored.bytes, sha256: stored.sha256, profile };
}

function count({ landed, deps }: LandScope, records: number, bytes: number): void {
  landed.records += records;
  landed.bytes += bytes;
  if (deps.definition.detail !== null) landed.details += records;
}

function profileOf({ deps }: ExtractScope, { records }: PageContent): Profile {
  return profileRecords(
    records.map(({ source, offset, length }) => source.subarray(offset, offset + length)),
    deps.definition.lineItems?.field ?? null,
  );
}

const [OPEN, CLOSE] = [0x5b, 0x5d];
const BETWEEN = [0x2c, 0x0a];

/** Copied into place one by one: `Buffer.concat` takes three times as long for so many. */
function arrayOf(records: readonly PageRecord[]): Buffer {
  const all = Buffer.allocUnsafe(records.reduce((sum, { length }) => sum + length + BETWEEN.length, 0));
  let at = 0;
  for (const { source, offset, length } of records) {
    if (at > 0) for (const byte of BETWEEN) all[at++] = byte;
    else all[at++] = OPEN;
    at += source.copy(all, at, offset, offset + length);
  }
  all[at] = CLOSE;
  return all;
}

/**
 * Removes what no page needs any more: files of earlier attempts that never made it into a page row, of pages whose batch is published,
 * and the folders of this entity's extractions that are closed or abandoned. Whoever is superseded before it comes here leaves the files
 * of its successor alone: their rows may be on their way.
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
  for (const key of keys) {
    if (key.startsWith(own) && !needed.has(key) && tokenOf(key) < BigInt(scope.fence.token)) await landing.remove(key);
  }
  const others = [...new Set(keys.flatMap((key) => /^work\/([^/]+)\//.exec(key)?.[1] ?? []))];
  const ended = await db.query<{ id: string }>(
    `select id from freshet.extraction where id = any ($1) and pipeline = $2 and entity = $3 and state <> 'open'`,
    [others, scope.input.pipeline, scope.input.entity],
  );
  for (const { id } of ended) await landing.remove(workFolder(id));
}

/** The token of the attempt that wrote a work file, also of one that it did not finish; what bears none is nobody's. */
function tokenOf(key: string): bigint {
  return BigInt(/-(\d+)\.json(\.|$)/.exec(key)?.[1] ?? -1);
}
