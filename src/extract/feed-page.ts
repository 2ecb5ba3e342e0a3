import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import type { Deletion, DeletionsAnswer } from '../sources/source';
import { queueVanished } from './detail-queue';
import { saveExtraction, type Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import { seenTable } from './open-extraction';
import { DELETIONS, type Part } from './part';
import { progressMark } from './position';
import { bookCounters } from './run-counters';

/**
 * One page of what the source says it deleted. Read after the lists: a record that was deleted while they were read is among it. What was
 * deleted and made anew under the same key has a later cursor than its deletion, and stays.
 */
export async function feedPage(scope: ExtractScope, extraction: Extraction): Promise<Extraction> {
  const { deps, input, fence, ctx } = scope;
  const part = extraction.parts.find(({ id }) => id === DELETIONS);
  if (deps.client.deletions === undefined || part === undefined)
    throw new RangeError(`the client of ${input.entity} has no feed of deletions`);
  const request = { entity: input.object, from: part.from, position: extraction.position.next };
  const answer = await deps.client.deletions(request, ctx);
  const deletions = givenOut(answer);
  const parts = extraction.parts.map((one) => (one === part ? raised(part, deletions) : one));
  const { position } = extraction;
  const phase = answer.next === null ? ('done' as const) : position.phase;
  const after: Extraction = { ...extraction, parts, position: { ...position, next: answer.next, seq: position.seq + 1, phase } };
  await fenced(deps.db, fence, { site: 'extract.feed-page', ctx }, async (tx) => {
    await queueVanished(tx, extraction.id, await withoutListed(tx, extraction.id, deletions.map(toldOf)));
    await saveExtraction(tx, after);
    await bookCounters(tx, scope, { mark: progressMark(after.position) });
  });
  ctx.progress(progressMark(after.position));
  ctx.log('EX-011', { entity: input.entity, deletions: deletions.length });
  return after;
}

/**
 * What stands above all that the counter has given out was told before that was set back, and outlived it: it says nothing of the records that live
 * now, and as a mark it would hide deletions to come, and make each read take the counter for one that went back.
 */
export function givenOut({ deletions, counterAtMost }: Pick<DeletionsAnswer, 'deletions' | 'counterAtMost'>): readonly Deletion[] {
  return counterAtMost === null ? deletions : deletions.filter(({ stamp }) => BigInt(stamp) <= BigInt(counterAtMost));
}

interface Told {
  readonly id: string;
  readonly cursorText: string;
  readonly cursorSort: bigint;
}

const toldOf = ({ id, stamp }: Deletion): Told => ({ id, cursorText: stamp, cursorSort: BigInt(stamp) });

/** This very read listed the record behind its deletion: it was made anew, also where what is held does not say so yet. */
async function withoutListed(tx: Tx, extractionId: string, told: readonly Told[]): Promise<Told[]> {
  const rows = await tx.query<{ id: string; cursor_text: string | null }>(
    `select id, cursor_text from ${seenTable(extractionId)} where id = any ($1)`,
    [told.map(({ id }) => id)],
  );
  const listed = new Map(rows.map(({ id, cursor_text: text }) => [id, text]));
  return told.filter(({ id, cursorSort }) => !isBehind(listed.get(id) ?? null, cursorSort));
}

/** Whether a record whose cursor reads so was saved after a deletion. */
export function isBehind(cursorText: string | null, deletedAt: bigint): boolean {
  return cursorText !== null && /^-?\d{1,18}$/.test(cursorText) && BigInt(cursorText) > deletedAt;
}

function raised(part: Part, deletions: readonly Deletion[]): Part {
  const greatest = deletions.reduce((top, { id, stamp }) => {
    const sort = BigInt(stamp);
    return top === null || sort > top.sort ? { id, text: stamp, sort } : top;
  }, part.greatest);
  return { ...part, greatest };
}
