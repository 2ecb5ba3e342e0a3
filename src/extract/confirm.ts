import { isFreshetError } from '../domain/errors';
import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import { goneSql } from './gone-sql';
import { saveExtraction, type Extraction } from './extraction';
import { comparesEveryDay } from './comparison';
import type { AskingScope, ExtractInput, ExtractScope } from './extract-slice';
import { tableExists } from './held-rows';
import { progressMark } from './position';
import { tooMany } from './sweep';

/** Of rows that a complete list left out: whether the record is there when it is asked for by itself. */
type Standing = 'gone' | 'there' | 'unclear';

/** Whether rows that a list leaves out are asked for one by one before they are deleted: where lists are known to lose rows. */
export function asksBeforeDeleting({ deps, input }: Pick<AskingScope, 'deps' | 'input'>, extraction: Pick<Extraction, 'read'>): boolean {
  const { deletes } = deps.definition;
  return (
    input.sweep !== undefined &&
    input.sweep.fromFiles !== true &&
    showsEveryRow(input, extraction) &&
    deletes.kind === 'sweep' &&
    deletes.confirmByDetail
  );
}

/** A row that the read does not show is not in the list of the source. */
export function showsEveryRow({ compare }: Pick<ExtractInput, 'compare'>, { read }: Pick<Extraction, 'read'>): boolean {
  return read === 'complete' || (compare !== undefined && comparesEveryDay(compare));
}

/** What follows when everything is fetched. */
export function afterFetching(scope: AskingScope, extraction: Extraction): 'confirm' | 'done' {
  return asksBeforeDeleting(scope, extraction) ? 'confirm' : 'done';
}

/** What follows when everything is listed. */
export function afterListing(scope: AskingScope, extraction: Extraction): 'compare' | 'feed' | 'detail' | 'confirm' | 'done' {
  const { detail, deletes } = scope.deps.definition;
  if (scope.input.compare !== undefined) return 'compare';
  if (detail !== null) return 'detail';
  return deletes.kind === 'feed' && extraction.read !== 'partial' ? 'feed' : afterFetching(scope, extraction);
}

/**
 * An extraction whose deletions were held without asking for them, and which a person has approved meanwhile, asks after all: the person
 * judged the number, not each row.
 */
export async function confirmHeld(scope: ExtractScope, extraction: Extraction): Promise<Extraction> {
  const { deps, input } = scope;
  const held = extraction.position.phase === 'done' && asksBeforeDeleting(scope, extraction) && input.sweep?.approved === true;
  if (!held) return extraction;
  const [asked] = await deps.db.query(`select from freshet.confirmation where extraction_id = $1 limit 1`, [extraction.id]);
  return asked === undefined ? { ...extraction, position: { ...extraction.position, phase: 'confirm' } } : extraction;
}

/**
 * Asks for some of the rows that the complete list left out. More of them than may be deleted without a person are not asked for: the
 * calls would be lost, and closing will be held.
 */
export async function confirmPage(scope: ExtractScope, extraction: Extraction): Promise<Extraction> {
  const { deps, ctx, input, fence } = scope;
  if (!(await tableExists(deps.db, input.target))) return end(scope, extraction);
  await noteCandidates(scope, extraction);
  const asked = await deps.db.query<{ record_id: string }>(
    `select record_id from freshet.confirmation where extraction_id = $1 and standing is null order by record_id limit $2`,
    [extraction.id, input.detailPage],
  );
  if (asked.length === 0) return end(scope, extraction);
  const standings = await askEach(
    scope,
    asked.map(({ record_id: id }) => id),
  );
  const after = { ...extraction, position: { ...extraction.position, seq: extraction.position.seq + 1 } };
  await fenced(deps.db, fence, { site: 'extract.confirm-page', ctx }, async (tx) => {
    await tx.query(
      `update freshet.confirmation c set standing = n.standing
         from unnest($2::text[], $3::text[]) as n (id, standing) where c.extraction_id = $1 and c.record_id = n.id`,
      [extraction.id, standings.map(([id]) => id), standings.map(([, standing]) => standing)],
    );
    await saveExtraction(tx, after);
    await noteProgress(tx, scope, after);
  });
  ctx.progress(progressMark(after.position));
  ctx.log('EX-010', {
    entity: input.entity,
    asked: standings.length,
    gone: standings.filter(([, standing]) => standing === 'gone').length,
  });
  return after;
}

/** A page that stored nothing needs no number of its own, yet the next one must not share it with a page that did. */
export async function noteProgress(tx: Tx, { input }: ExtractScope, { position }: Extraction): Promise<void> {
  await tx.query(`update freshet.run_entity set progress_mark = $3, progress_at = now() where run_id = $1 and entity = $2`, [
    input.runId,
    input.entity,
    progressMark(position),
  ]);
}

async function end(scope: ExtractScope, extraction: Extraction): Promise<Extraction> {
  const { deps, fence, ctx } = scope;
  const after: Extraction = { ...extraction, position: { ...extraction.position, phase: 'done' } };
  await fenced(deps.db, fence, { site: 'extract.confirmed', ctx }, (tx) => saveExtraction(tx, after));
  return after;
}

/** Once an extraction; after that its list is complete and the candidates stay. */
async function noteCandidates(scope: ExtractScope, extraction: Extraction): Promise<void> {
  const { deps, input, ctx, fence } = scope;
  const [known] = await deps.db.query(`select from freshet.confirmation where extraction_id = $1 limit 1`, [extraction.id]);
  if (known !== undefined || input.sweep === undefined) return;
  const of = { extractionId: extraction.id, definition: deps.definition, confirmed: false, accepted: false };
  const { table, missing } = goneSql(input.target, of);
  const [counts] = await deps.db.query<{ n: string; live: string }>(
    `select count(*) filter (where ${missing}) as n, count(*) filter (where t.deleted_at is null) as live
       from ${table} t, freshet.extraction x where x.id = $1`,
    [extraction.id],
  );
  const [n, live] = [Number(counts?.n ?? 0), Number(counts?.live ?? 0)];
  if (n === 0 || tooMany(input.sweep, { n, live })) return;
  await fenced(deps.db, fence, { site: 'extract.candidates', ctx }, (tx) =>
    tx.query(
      `insert into freshet.confirmation (extraction_id, record_id)
       select x.id, t.id from ${table} t, freshet.extraction x where x.id = $1 and ${missing}`,
      [extraction.id],
    ),
  );
}

async function askEach(scope: ExtractScope, ids: readonly string[]): Promise<[string, Standing][]> {
  const waiting = [...ids];
  const standings: [string, Standing][] = [];
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) standings.push([id, await standing(scope, id)]);
  };
  await Promise.all(Array.from({ length: Math.min(scope.input.concurrency, ids.length) }, worker));
  return standings;
}

/** A record that is answered with an error stays; limits, cancels and a source that is away go up. */
async function standing({ deps, input, ctx }: ExtractScope, id: string): Promise<Standing> {
  try {
    const answer = await deps.client.detail({ entity: input.object, id }, ctx);
    return answer.found ? 'there' : 'gone';
  } catch (error) {
    if (isFreshetError(error) && error.type === 'source_error') return 'unclear';
    throw error;
  }
}
