import type { Tx } from '../database/database';
import { fenced } from '../database/fence';
import type { Deletion } from '../sources/source';
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
  const ceiling = input.counterAtMost === null ? null : BigInt(input.counterAtMost);
  const parts = extraction.parts.map((one) => (one === part ? raised(part, answer.deletions, ceiling) : one));
  const { position } = extraction;
  const phase = answer.next === null ? ('done' as const) : position.phase;
  const after: Extraction = { ...extraction, parts, position: { ...position, next: answer.next, seq: position.seq + 1, phase } };
  await fenced(deps.db, fence, { site: 'extract.feed-page', ctx }, async (tx) => {
    await queueVanished(tx, extraction.id, await withoutListed(tx, extraction.id, answer.deletions.map(toldOf)));
    await saveExtraction(tx, after);
    await bookCounters(tx, scope, { mark: progressMark(after.position) });
  });
  ctx.progress(progressMark(after.position));
  ctx.log('EX-011', { entity: input.entity, deletions: answer.deletions.length });
  return after;
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

/**
 * The mark after a page of deletions. What stands above all that the counter has given out was told before that went back, and would hide
 * deletions to come, or make each read take the counter for one that went back; what was deleted since the counter was asked for is told again.
 */
export function raised(part: Part, deletions: readonly Deletion[], ceiling: bigint | null): Part {
  const greatest = deletions.reduce((top, { id, stamp }) => {
    const sort = BigInt(stamp);
    if (ceiling !== null && sort > ceiling) return top;
    return top === null || sort > top.sort ? { id, text: stamp, sort } : top;
  }, part.greatest);
  return { ...part, greatest };
}
