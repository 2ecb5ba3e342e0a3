import type { Database } from '../database/database';
import { instantText } from '../extract/extraction';
import { OVERTAKEN } from '../extract/sweep';
import type { ChosenFile } from '../load/input/choose-input';

/** What lets a load know which rows are gone: the files are all of one complete read. */
export interface CompleteRead {
  /** When it began, by the database's clock (ISO). */
  readonly started_at: string;
  /** The same by the source's clock; `null`: it has none. */
  readonly source_clock: string | null;
  /** SHA-256 that each file must have when it is read, by its key. */
  readonly sums: ReadonlyMap<string, string>;
}

export interface SessionRead {
  /** The session's metadata of the entity. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly session: string;
  readonly entity: string;
  /** Every file that is to be loaded for the entity, of whatever session. */
  readonly files: readonly ChosenFile[];
}

/**
 * The complete read that the files are, whole and nothing else: the metadata's claim counts only as far as PostgreSQL knows the same of it.
 * `why`: it is one, and must delete nothing all the same. `null`: they are no complete read.
 */
export async function completeRead(db: Database, read: SessionRead): Promise<CompleteRead | { readonly why: string } | null> {
  const { said, session, entity } = read;
  if (said['read'] !== 'complete' || said['complete'] !== true || said['known'] !== 0) return null;
  const [row] = await db.query<{ source: string | null; started: string; overtaken: boolean }>(
    `select x.source_started_at as source, x.started_at_db as started, ${OVERTAKEN} as overtaken
       from freshet.extraction x
      where x.id = $1 and x.entity = $2 and x.session_id = $3 and x.read_kind = 'complete' and x.state = 'complete'
        and exists (select from freshet.run_entity re where re.extraction_id = x.id and re.read_complete)
        and not exists (select from freshet.run_entity re where re.extraction_id = x.id and re.known > 0)`,
    [said['extraction'], entity, session],
  );
  if (row === undefined) return null;
  const startedAt = instantText(row.started);
  const sourceClock = instantText(row.source);
  if (startedAt === null || said['started_at'] !== startedAt || said['source_clock'] !== sourceClock) return null;
  const batches = await db.query<Batch>(`select file, sha256 from freshet.batch where extraction_id = $1 and state <> 'planned'`, [
    said['extraction'],
  ]);
  const sums = sumsOf(read, batches);
  if (sums === null) return null;
  if (row.overtaken)
    return {
      why: `${entity}: what ${session} lacks stays, since a complete read that began later has ended and knows better what is gone`,
    };
  return { started_at: startedAt, source_clock: sourceClock, sums };
}

/** When the source answered with what is in the files (ISO), by key, as far as PostgreSQL knows: by the clock that `fetched_at` of rows has. */
export async function answeredAt(db: Database, { said, session, files }: Omit<SessionRead, 'entity'>): Promise<Map<string, string>> {
  const rows = await db.query<{ file: string; at: string | null }>(
    `select b.file, max(p.fetched_at) as at from freshet.batch b
       join freshet.page p on p.extraction_id = b.extraction_id and p.batch_n = b.n where b.extraction_id = $1 group by b.file`,
    [said['extraction']],
  );
  const known = new Map(rows.map(({ file, at }) => [file, instantText(at)]));
  const own = files.filter((file) => file.session === session);
  const dated = own.map(({ key }) => [key, known.get(landedKey(key, session)) ?? null] as const);
  return new Map(dated.filter((entry): entry is readonly [string, string] => entry[1] !== null));
}

interface Batch {
  readonly file: string;
  readonly sha256: string | null;
}

/** `null`: the files are not exactly the read's batches, or the metadata names others than PostgreSQL. */
function sumsOf({ said, session, files }: SessionRead, batches: readonly Batch[]): Map<string, string> | null {
  const listed: readonly unknown[] = Array.isArray(said['batches']) ? said['batches'] : [];
  const named = new Map(listed.map((batch) => (batch ?? {}) as Partial<Batch>).map(({ file, sha256 }) => [file, sha256]));
  const known = new Map(batches.map(({ file, sha256 }) => [file, sha256]));
  if (listed.length !== batches.length || files.length !== batches.length) return null;
  if (batches.some(({ file, sha256 }) => sha256 === null || named.get(file) !== sha256)) return null;
  const sums = new Map<string, string>();
  const seen = new Set<string>();
  for (const file of files) {
    const landed = landedKey(file.key, session);
    const sum = known.get(landed);
    if (file.session !== session || sum === undefined || sum === null || seen.has(landed)) return null;
    seen.add(landed);
    sums.set(file.key, sum);
  }
  return sums;
}

/** The input's folder may be landing, a copy of it, or the session itself. */
function landedKey(key: string, session: string): string {
  const at = key.lastIndexOf(`${session}/`);
  return `sync_sessions/${session}/${at === -1 ? key : key.slice(at + session.length + 1)}`;
}
