import type { EntityDefinition } from '../sources/source';
import type { Wanted } from './adoption';
import { askList } from './ask-list';
import { withWhole, type Extraction } from './extraction';
import type { AskingScope } from './extract-slice';
import { givenOut, isBehind } from './feed-page';
import { upTo } from './limit';
import type { ListedRow } from './listed-row';
import { afterAnswer, begin } from './list-step';
import { newAmong } from './new-rows';
import { DELETIONS } from './part';
import { START } from './position';

/** A page of a read that stores nothing. */
export interface DryPage {
  /** Rows that no page before it showed, without those that the source calls deleted. */
  readonly rows: readonly ListedRow[];
  /** Bytes of their records; none where each has to be asked for by itself. */
  readonly records: readonly Buffer[];
  /** When the source answered (ISO); `null`: it has no clock. */
  readonly answeredAt: string | null;
}

/** What a read would have stored. */
export interface DryListed {
  readonly extraction: Extraction;
  /** Every id that was listed, deleted ones not. */
  readonly listed: ReadonlySet<string>;
  /** What the source says it deleted, with the cursor of the deletion. */
  readonly deleted: ReadonlyMap<string, bigint | null>;
  /** List pages. */
  readonly pages: number;
}

/** Reads the lists of an entity as a run would, and stores nothing. Errors: those of the source. */
export async function dryRead(scope: AskingScope, wanted: Wanted, onPage: (page: DryPage) => Promise<void>): Promise<DryListed> {
  const { definition } = scope.deps;
  const seen = new Map<string, string | null>();
  const deleted = new Map<string, bigint | null>();
  let extraction = unstored(wanted);
  let pages = 0;
  for (; extraction.position.phase === 'list'; pages++) {
    scope.ctx.signal.throwIfAborted();
    const { page: whole, asked } = await askList(scope, extraction);
    const { answer } = whole;
    const begun = begin(scope, asked, answer);
    const taken = upTo((scope.input.limit ?? Infinity) - seen.size, { rows: whole.rows, news: newAmong(seen, whole.rows) });
    extraction = afterAnswer(scope, begun, { answer, whole, ...taken });
    for (const { row } of taken.news) note(row, { seen, deleted });
    const rows = taken.news.flatMap(({ row }) => (row.tombstone ? [] : [row]));
    const cut = definition.detail === null ? rows : [];
    const records = cut.map(({ offset, length }) => answer.body.subarray(offset, offset + length));
    await onPage({ rows, records, answeredAt: answer.clock ?? extraction.sourceStartedAt });
  }
  for (const [id, stamp] of await toldDeleted(scope, extraction)) if (!isBehind(seen.get(id) ?? null, stamp)) deleted.set(id, stamp);
  for (const id of deleted.keys()) if (definition.deletes.kind === 'tombstones') seen.delete(id);
  return { extraction, listed: new Set(seen.keys()), deleted, pages };
}

/** What an extraction is before its first page. */
function unstored({ question, plan, parts }: Wanted): Extraction {
  return {
    id: '',
    read: plan.read,
    question,
    from: plan.from,
    position: START,
    sourceStartedAt: null,
    parts: withWhole(parts, { from: plan.from, greatest: null, carrierSeen: false }),
    counter: null,
    resets: plan.newEpoch,
    sessionId: '',
  };
}

interface Noted {
  readonly seen: Map<string, string | null>;
  readonly deleted: Map<string, bigint | null>;
}

function note(row: ListedRow, { seen, deleted }: Noted): void {
  seen.set(row.id, row.cursorText);
  if (row.tombstone) deleted.set(row.id, row.cursorSort);
  else deleted.delete(row.id);
}

async function toldDeleted({ deps, input, ctx }: AskingScope, extraction: Extraction): Promise<Map<string, bigint>> {
  const told = new Map<string, bigint>();
  const part = extraction.parts.find(({ id }) => id === DELETIONS);
  if (extraction.position.phase !== 'feed' || deps.client.deletions === undefined || part === undefined) return told;
  let next: Extraction['position']['next'] = null;
  do {
    const answer = await deps.client.deletions({ entity: input.object, from: part.from, position: next }, ctx);
    for (const { id, stamp } of givenOut(answer)) told.set(id, BigInt(stamp));
    ({ next } = answer);
  } while (next !== null);
  return told;
}

/** Whether rows that a complete read does not show are gone. */
export function sweeps({ deletes }: Pick<EntityDefinition, 'deletes'>, { read }: Pick<Extraction, 'read'>): boolean {
  return read === 'complete' && deletes.kind !== 'never';
}
