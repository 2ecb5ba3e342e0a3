import type { Tx } from '../../database/database';
import { FINAL_RUN_STATES, FINAL_ENTITY_STATES } from '../../domain/run';
import type { LandingStore } from '../../landing/landing-store';
import type { Findings, Subject } from './violation';

const SESSIONS = 'sync_sessions';
const WORK = 'work';

/** Keys that are there before the snapshot of the database is taken: what they belong to is in it. */
export async function landedKeys(landing: LandingStore): Promise<string[]> {
  return [...(await landing.list(SESSIONS)), ...(await landing.list(WORK))];
}

interface Owners {
  /** Files of batches. */
  readonly files: ReadonlySet<string>;
  /** Open extractions: the next attempt sweeps what an interrupted one left in their work folders. */
  readonly open: ReadonlySet<string>;
  /** Sessions that PostgreSQL knows; others may be any tool's. */
  readonly sessions: ReadonlySet<string>;
  /** Sessions and extractions that somebody may be writing to right now. */
  readonly busy: ReadonlySet<string>;
}

/** Invariant 6 seen from the files: no temp file, no work file of something finished, no file that no row knows. */
export async function checkLandingTree(tx: Tx, findings: Findings, landing: LandingStore, keys: readonly string[]): Promise<void> {
  const owners = await ownersOf(tx);
  const strays = keys.map((key) => ({ key, why: strayReason(key, owners) })).filter(({ why }) => why !== null);
  // What went away meanwhile was being worked on.
  const still = new Set(strays.length === 0 ? [] : await landedKeys(landing));
  const subject: Omit<Subject, 'where'> = { invariant: 6, name: 'stray-file', entity: '' };
  findings.looked(subject, keys.length);
  for (const { key, why } of strays) {
    if (still.has(key)) findings.found({ ...subject, where: key }, `${key} ${why ?? ''}`);
  }
}

/** Why a file should not be there; `null` when it may. */
export function strayReason(key: string, owners: Owners): string | null {
  const [top = '', folder = '', ...rest] = key.split('/');
  if (owners.busy.has(folder)) return null;
  if (top === WORK) return owners.open.has(folder) ? null : 'is a work file that nothing needs any more';
  if (key.endsWith('.tmp')) return owners.sessions.has(folder) ? 'is a temp file that nobody is writing' : null;
  if (!owners.sessions.has(folder) || owners.files.has(key)) return null;
  const isMetadata = rest.length === 1 && /^sync_metadata_[^/]+\.json$/.test(rest[0] ?? '');
  return isMetadata ? null : 'is in a session of freshet, but no batch knows it';
}

async function ownersOf(tx: Tx): Promise<Owners> {
  const files = await tx.query<{ file: string }>('select file from freshet.batch');
  const open = await tx.query<{ name: string }>(`select id as name from freshet.extraction where state = 'open'`);
  const sessions = await tx.query<{ name: string }>(
    `select session_id as name from freshet.run where session_id is not null
      union select session_id from freshet.extraction where session_id is not null
      union select split_part(file, '/', 2) from freshet.batch where file like '${SESSIONS}/%'`,
  );
  const busy = await tx.query<{ name: string }>(
    `select r.session_id as name from freshet.run r where r.session_id is not null and r.state <> all ($1)
      union select unnest(array[x.session_id, x.id]) from freshet.extraction x join freshet.run r on r.id = x.owner_run
       where x.state = 'open' and r.state <> all ($1)
      union select unnest(array[x.session_id, x.id]) from freshet.extraction x join freshet.run_entity re on re.run_id = x.owner_run and re.entity = x.entity
       where re.state <> all ($2)`,
    [FINAL_RUN_STATES, FINAL_ENTITY_STATES],
  );
  const setOf = (rows: readonly { name: string | null }[]): Set<string> =>
    new Set(rows.flatMap(({ name }) => (name === null ? [] : [name])));
  return {
    files: new Set(files.map(({ file }) => file)),
    open: setOf(open),
    sessions: setOf(sessions),
    busy: setOf(busy),
  };
}
