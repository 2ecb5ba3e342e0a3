import { createHash } from 'node:crypto';
import type { Database } from '../database/database';
import type { Fence } from '../database/fence';
import { FINAL_RUN_STATES } from '../domain/run';
import { isFreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import type { ExtractDeps, ExtractInput } from './extract-slice';
import { seenTable } from './open-extraction';
import type { Part } from './part';
import type { ReadPlan } from './read-plan';
import { HELD_FOR_DELETES } from './sweep';

/** An extraction that a run which is final left open, and the greatest token that ever wrote into it. */
export interface Adoptable {
  readonly id: string;
  readonly token: string;
}

export interface Wanted {
  readonly question: string;
  readonly plan: ReadPlan;
  /** Empty where the source does not split the entity. */
  readonly parts: readonly Part[];
  /** Somebody dropped the table: what was said of it is true no more. */
  readonly tableGone: boolean;
}

/** The held reason of what is fetched and not loaded, because loading is switched off, begins so. */
export const HELD_FOR_LOAD = 'load:';

/**
 * Looks for an open extraction with the same question and read, young enough, whose landed files are all there. One whose files are
 * missing or changed is abandoned with the reason: continuing it would fail again in every run. So would one whose deletions are held, unless
 * a person has approved them now, and one that waits for loading while that is still off: what is new at the source comes by another read.
 */
export async function findAdoptable(deps: ExtractDeps, input: ExtractInput, wanted: Wanted): Promise<Adoptable | null> {
  const row = await openRead(deps.db, input, wanted);
  if (row === undefined) return null;
  const fault = await landingFault(deps, row.id);
  if (fault === null) return row;
  await abandon(deps, row.id, fault);
  return null;
}

/** The one that would be taken, were its files there. */
export async function openRead(db: Database, input: ExtractInput, wanted: Wanted): Promise<Adoptable | undefined> {
  const [row] = await db.query<Adoptable>(
    `select x.id, coalesce((select max(token) from freshet.run_entity re where re.extraction_id = x.id), 0) as token
       from freshet.extraction x
      where x.pipeline = $1 and x.entity = $2 and x.partition = '' and x.state = 'open' and x.question = $3 and x.read_kind = $4
        and x.read_kind <> 'partial' and x.last_page_at > now() - make_interval(secs => $5) and x.owner_run is distinct from $6
        and (x.owner_run is null or exists (select from freshet.run r where r.id = x.owner_run and r.state = any ($7)))
        and not exists (select from freshet.run_entity h
                         where h.extraction_id = x.id and h.state = 'held' and h.held_reason ^@ any ($8))
      order by x.last_page_at desc limit 1`,
    [
      input.pipeline,
      input.entity,
      wanted.question,
      wanted.plan.read,
      input.adoptForMs / 1000,
      input.runId,
      FINAL_RUN_STATES,
      [...(input.sweep?.approved === true ? [] : [HELD_FOR_DELETES]), ...(input.landOnly === true ? [HELD_FOR_LOAD] : [])],
    ],
  );
  return row;
}

/**
 * Lifts this attempt's token above every token that wrote into the extraction before: names of stage tables and work files carry it,
 * and a worker of the earlier run that wakes up must not share one with us.
 */
export async function liftToken(deps: ExtractDeps, fence: Fence, above: string, ctx: StageContext): Promise<Fence> {
  if (BigInt(fence.token) > BigInt(above)) return fence;
  return deps.db.transaction({ site: 'extract.lift-token', ctx }, async (tx) => {
    const [row] = await tx.query<{ token: string }>(
      `update freshet.run_entity set token = $4::bigint + 1 where run_id = $1 and entity = $2 and token = $3 returning token`,
      [fence.runId, fence.entity, fence.token, above],
    );
    return row ? { ...fence, token: row.token } : fence;
  });
}

interface Landed {
  readonly file: string;
  readonly bytes: string;
  readonly sha256: string;
}

/** Why the extraction's landed files cannot be used; `null` when every one is there as it was written. */
async function landingFault(deps: ExtractDeps, id: string): Promise<string | null> {
  const files = await deps.db.query<Landed>(
    `select work_file as file, bytes, sha256 from freshet.page where extraction_id = $1 and work_file is not null and file is null
      union all
     select file, bytes, sha256 from freshet.batch where extraction_id = $1 and state = 'published'`,
    [id],
  );
  for (const landed of files) {
    try {
      const hash = createHash('sha256');
      for await (const chunk of deps.landing.read(landed.file)) hash.update(chunk);
      if (hash.digest('hex') !== landed.sha256) return `${landed.file} is not what was landed`;
    } catch (error) {
      if (!isFreshetError(error) || error.code !== 'landing-file-missing') throw error;
      return `${landed.file} is missing`;
    }
  }
  return null;
}

async function abandon(deps: ExtractDeps, id: string, reason: string): Promise<void> {
  await deps.db.query(`update freshet.extraction set state = 'abandoned', abandoned_reason = $2 where id = $1 and state = 'open'`, [
    id,
    reason,
  ]);
  await deps.db.query(`drop table if exists ${seenTable(id)}`);
}
