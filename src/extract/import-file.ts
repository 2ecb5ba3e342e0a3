import { createHash, type Hash } from 'node:crypto';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { isFreshetError, type FreshetError } from '../domain/errors';
import { ProfileCollector } from '../json/profile';
import type { StoredFile } from '../landing/landing-store';
import type { FileToImport, ImportScope } from './import-files';
import { seenTable } from './open-extraction';

/** The records of a file, whatever it is wrapped in. Errors of the portions: `file_error` for a file that is to blame itself. */
export interface FileReader {
  /** `digest` gets every byte of the file. */
  read(key: string, digest?: Hash): AsyncIterable<readonly { readonly bytes: Buffer }[]>;
}

interface NumberedFile extends FileToImport {
  /** Place in the list, from 1; also its page's and batch's number. */
  readonly n: number;
  /** `raw_json/<folder>` that it is landed in; the same in every attempt. */
  readonly folder: string;
}

interface Imported extends StoredFile {
  readonly file: string;
  readonly records: number;
  readonly profile: ReturnType<ProfileCollector['profile']>;
  /** Keys of all records, where the read is a complete one; else why it is not, or no more. */
  readonly keys: readonly string[] | { readonly lost: string };
}

/** Lands one file as a batch. Errors: those of our own side; a file that is to blame itself becomes a row instead. */
export async function importFile(scope: ImportScope, file: NumberedFile): Promise<void> {
  try {
    await planBatch(scope, file);
    const imported = await land(scope, file);
    await scope.ctx.fault('load.after-import-file');
    await bookImported(scope, file, imported);
    if (imported.records === 0) await scope.deps.landing.remove(imported.file);
    scope.ctx.log('EX-006', { entity: scope.input.entity, file: file.key, records: imported.records, bytes: imported.bytes });
  } catch (error) {
    if (scope.ctx.signal.aborted || !isToBlame(error)) throw error;
    await bookBad(scope, file, error);
    scope.ctx.log('EX-007', { entity: scope.input.entity, file: file.key, why: error.message });
  }
}

/** Ours is the landing folder; what cannot be retried in the input stays as it is. */
const isToBlame = (error: unknown): error is FreshetError =>
  isFreshetError(error) && error.type === 'file_error' && !error.retryable && !error.code.startsWith('landing-');

/** The same list gives the same key in every attempt. */
function keyOf({ input }: ImportScope, file: NumberedFile): string {
  return `sync_sessions/${input.sessionId}/raw_json/${file.folder}/${input.entity}.json`;
}

const batchKey = ({ extraction }: ImportScope, { n }: NumberedFile): string => `${extraction.id}/load/${n}`;

/** Before the file is written: a file that nobody knows would be a stray one after a crash. */
async function planBatch(scope: ImportScope, file: NumberedFile): Promise<void> {
  const { deps, input, fence, extraction, ctx } = scope;
  await fenced(deps.db, fence, { site: 'load.import-plan', ctx }, async (tx) => {
    await tx.query(
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file) values ($1, $2, $3, $4, $5, 'planned', $6)
       on conflict (key) do update set token = excluded.token where batch.state = 'planned'`,
      [batchKey(scope, file), extraction.id, file.n, input.runId, fence.token, keyOf(scope, file)],
    );
  });
}

/** Streams the records into the run's session, byte for byte, as one JSON array. */
async function land(scope: ImportScope, file: NumberedFile): Promise<Imported> {
  const { deps, input, ctx } = scope;
  const key = keyOf(scope, file);
  const profile = new ProfileCollector(input.lineItems);
  let records = 0;
  let keys: string[] | null = input.complete === null ? null : [];
  const digest = input.complete === null ? undefined : createHash('sha256');
  async function* array(): AsyncGenerator<Uint8Array> {
    const open = Buffer.from('[');
    const between = Buffer.from(',\n');
    for await (const portion of deps.reader.read(file.key, digest)) {
      ctx.signal.throwIfAborted();
      if (portion.length === 0) continue;
      const parts: Buffer[] = [];
      for (const { bytes } of portion) {
        parts.push(records++ === 0 ? open : between, bytes);
        profile.add(bytes);
        keys = withKey(keys, input.complete?.keyOf(bytes) ?? null);
      }
      yield Buffer.concat(parts);
      ctx.progress(`import:${file.n}:${records}`);
    }
    yield Buffer.from(records === 0 ? '[]' : ']');
  }
  const stored = await deps.landing.write(key, array());
  const same = digest?.digest('hex') === file.sha256;
  return { ...stored, file: key, records, profile: profile.profile(), keys: same ? (keys ?? NO_KEY) : CHANGED };
}

const NO_KEY = { lost: 'a record has no key' };
const CHANGED = { lost: 'a file is not the one that the complete read landed: its SHA-256 differs' };

function withKey(keys: string[] | null, key: string | null): string[] | null {
  if (keys === null || key === null) return null;
  keys.push(key);
  return keys;
}

async function bookImported(scope: ImportScope, file: NumberedFile, imported: Imported): Promise<void> {
  const { deps, input, fence, extraction, ctx } = scope;
  const { id } = extraction;
  const { records, bytes, sha256 } = imported;
  await fenced(deps.db, fence, { site: 'load.import', ctx }, async (tx) => {
    if (records > 0) {
      await tx.query(
        `insert into freshet.page (extraction_id, seq, run_id, entity, kind, token, request_digest, listed, records, bytes, sha256, fetched_at,
                                   profile, batch_n, file, "offset", length)
         values ($1, $2, $3, $4, 'list', $5, $6, $7, $7, $8, $9, $10, $11, $2, $12, 1, $8::bigint - 2)`,
        [
          id,
          file.n,
          input.runId,
          input.entity,
          fence.token,
          createHash('sha256').update(file.key).digest('hex'),
          records,
          bytes,
          sha256,
          file.answered ?? file.at,
          JSON.stringify(imported.profile),
          imported.file,
        ],
      );
      await tx.query(
        `update freshet.batch set state = 'published', sha256 = $2, records = $3, bytes = $4, profile = $5 where key = $1 and state = 'planned'`,
        [batchKey(scope, file), sha256, records, bytes, JSON.stringify(imported.profile)],
      );
    } else await forget(tx, scope, file);
    await noteKeys(tx, scope, imported);
    await tx.query(`insert into freshet.load_file (extraction_id, n, path, state) values ($1, $2, $3, 'landed')`, [id, file.n, file.key]);
    await tx.query(
      `update freshet.run_entity
          set listed = listed + $3, fetched = fetched + $3, pages = pages + 1, progress_mark = $4, progress_at = now()
        where run_id = $1 and entity = $2`,
      [input.runId, input.entity, records, `import:${file.n}`],
    );
  });
}

/** What the read showed, for the sweep. A file whose records cannot all be told apart ends the read's claim to be complete. */
async function noteKeys(tx: Tx, { input, extraction }: ImportScope, { keys }: Imported): Promise<void> {
  if (input.complete === null) return;
  if (!('lost' in keys)) {
    await tx.query(`insert into ${seenTable(extraction.id)} (id, pass) select id, 1 from unnest($1::text[]) id on conflict do nothing`, [
      keys,
    ]);
  } else await notComplete(tx, { input, extraction }, keys.lost);
}

/** A read that lacks a record, or may, deletes nothing. */
async function notComplete(tx: Tx, { input, extraction }: Pick<ImportScope, 'input' | 'extraction'>, why: string | null): Promise<void> {
  await tx.query(`update freshet.extraction set read_kind = 'partial' where id = $1`, [extraction.id]);
  await tx.query(
    `update freshet.run_entity set read_kind = 'partial', full_reason = coalesce(full_reason, $3) where run_id = $1 and entity = $2`,
    [input.runId, input.entity, why],
  );
}

/** A file without a record is no batch. */
async function forget(tx: Tx, scope: ImportScope, file: NumberedFile): Promise<void> {
  await tx.query(`delete from freshet.batch where key = $1 and state = 'planned'`, [batchKey(scope, file)]);
}

async function bookBad(scope: ImportScope, file: NumberedFile, error: FreshetError): Promise<void> {
  const { deps, fence, extraction, ctx } = scope;
  const at = error.facts['offset'];
  await fenced(deps.db, fence, { site: 'load.import-bad', ctx }, async (tx) => {
    await tx.query(
      `insert into freshet.load_file (extraction_id, n, path, state, code, message, remedy, at_byte) values ($1, $2, $3, 'bad', $4, $5, $6, $7)`,
      [extraction.id, file.n, file.key, error.code, error.message, error.remedy, typeof at === 'number' ? at : null],
    );
    await forget(tx, scope, file);
    await notComplete(tx, scope, null);
  });
}
