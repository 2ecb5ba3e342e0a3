import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { isFreshetError } from '../domain/errors';
import type { ReadKind } from '../sources/source';
import type { Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import type { DoubtFacts } from './doubt';
import { showsEveryRow } from './confirm';
import { acceptedFacts } from './doubt-accepted';
import { seenTable } from './open-extraction';
import { DELETIONS, type Part } from './part';
import { neverHeldStill } from './position';

/** Gathers what the verdict over a read needs, with at most one look-up at the source. */
export async function doubtFacts(scope: ExtractScope, extraction: Extraction): Promise<DoubtFacts> {
  const { deps, input } = scope;
  const [row] = await deps.db.query<{ listed: string; live: string }>(
    `select (select count(*) from ${seenTable(extraction.id)}) as listed,
            coalesce((select live from freshet.table_owner where schema = $1 and "table" = $2), 0) as live`,
    [input.target.schema, input.target.table],
  );
  return {
    read: showsEveryRow(input, extraction) ? 'complete' : extraction.read,
    listed: Number(row?.listed ?? 0),
    liveBefore: Number(row?.live ?? 0),
    // A comparison moves no watermark, and its list may begin behind the row that carries it.
    carriers: input.compare !== undefined ? [] : await Promise.all(listedParts(extraction).map((part) => carrier(scope, extraction, part))),
    neverHeldStill: neverHeldStill(extraction.position),
    becameText: await becameText(scope),
    samePageTwice: extraction.position.samePage,
    leftOut: await leftOut(scope, extraction),
    history: await listedBefore(deps.db, input, extraction.read),
    accepted: await acceptedFacts(deps.db, { pipeline: input.pipeline, entity: input.entity, read: extraction.read }),
  };
}

/**
 * The carrier was not listed: is it deleted, or did the list leave it out? A look-up that fails leaves the question open; it serves a
 * doubt only, so it must not keep what was read from being closed.
 */
async function carrier(scope: ExtractScope, extraction: Extraction, part: Part): Promise<DoubtFacts['carriers'][number]> {
  const { deps, input, ctx } = scope;
  const watermark = scope.watermarks.get(part.id);
  const id = watermark?.carrierId ?? null;
  const fact = `${id ?? ''} ${watermark?.text ?? ''}`;
  if (id === null || part.carrierSeen || watermark?.question !== extraction.question) return { id, fact, standing: 'seen' };
  if (await isKnownDeleted(scope, extraction, id)) return { id, fact, standing: 'deleted' };
  if (deps.definition.detail === null) return { id, fact, standing: extraction.read === 'incremental' ? 'unasked' : 'seen' };
  try {
    const answer = await deps.client.detail({ entity: input.object, id }, ctx);
    return { id, fact, standing: answer.found ? 'missing' : 'deleted' };
  } catch (error) {
    if (ctx.signal.aborted || !isFreshetError(error)) throw error;
    return { id, fact, standing: 'unknown', trouble: error.message };
  }
}

/** Known without asking: a feed or a tombstone of this very read says that it is deleted, or the row is softly deleted already. */
async function isKnownDeleted({ deps, input }: ExtractScope, extraction: Extraction, recordId: string): Promise<boolean> {
  const { schema, table } = input.target;
  const told = await deps.db.query(`select from freshet.detail_queue where extraction_id = $1 and record_id = $2 and state = 'vanished'`, [
    extraction.id,
    recordId,
  ]);
  if (told.length > 0) return true;
  const rows = await deps.db.query(`select from ${ident(schema, table)} where id = $1 and deleted_at is not null`, [recordId]);
  return rows.length > 0;
}

/** How many records the last reads of a kind listed, newest first. */
export async function listedBefore(
  db: Pick<Database, 'query'>,
  { pipeline, entity }: { readonly pipeline: string; readonly entity: string },
  read: ReadKind,
): Promise<number[]> {
  const rows = await db.query<{ listed: string }>(
    `select listed from freshet.extraction
      where pipeline = $1 and entity = $2 and partition = '' and read_kind = $3 and state = 'complete'
      order by completed_at desc limit 10`,
    [pipeline, entity, read],
  );
  return rows.map((row) => Number(row.listed));
}

/** Those that a read should bring back whole; a partial one promises nothing. */
function listedParts({ parts, read }: Extraction): Part[] {
  return read === 'partial' ? [] : parts.filter(({ id }) => id !== DELETIONS);
}

/** Records that the complete list left out, although they are there when asked for by themselves; not those of an accepted doubt. */
async function leftOut({ deps, input }: ExtractScope, { id }: Extraction): Promise<string[]> {
  const rows = await deps.db.query<{ record_id: string }>(
    `select c.record_id from freshet.confirmation c
      where c.extraction_id = $1 and c.standing <> 'gone'
        and not exists (select from freshet.doubt_accepted a
                          join freshet.run r on r.id = a.run_id
                          join freshet.run_entity re on re.run_id = a.run_id and re.entity = a.entity
                          join freshet.confirmation o on o.extraction_id = re.extraction_id and o.record_id = c.record_id and o.standing <> 'gone'
                         where r.pipeline = $2 and a.entity = $3)
      order by c.record_id`,
    [id, input.pipeline, input.entity],
  );
  return rows.map(({ record_id: record }) => record);
}

async function becameText({ deps, input }: ExtractScope): Promise<DoubtFacts['becameText']> {
  return deps.db.query<{ name: string; from: string }>(
    `select w ->> 'name' as name, w ->> 'from' as from
       from freshet.schema_change c cross join lateral jsonb_array_elements(c.change -> 'widened') w
      where c.run_id = $1 and c.schema = $2 and starts_with(c."table", $3) and w ->> 'to' in ('text', 'jsonb') and w ->> 'from' <> 'text'
      order by 1`,
    [input.runId, input.target.schema, input.target.table],
  );
}
