import type { Tx } from '../database/database';
import type { EntityDefinition } from '../sources/source';
import { raiseGreatest, type Greatest } from './greatest';
import type { ListedRow } from './listed-row';
import { lowerBound, lowerBoundText } from './read-plan';
import type { Watermark } from './watermark';

/** Key of the one part of an entity that its source does not split. */
export const WHOLE = '';
/** Key of what is told to be deleted, where the source tells it by a feed with a counter of its own. Its group is listed by nobody. */
export const DELETIONS = '*deletions';

/** `restart`: the counter that the source counts on from, having gone back: what was told before says nothing of where deletions stand now. */
export function deletionsPart(from: string | null, restart: string | null = null): Part {
  const greatest = restart === null ? null : { id: '', text: restart, sort: BigInt(restart) };
  return { id: DELETIONS, group: -1, from, greatest, carrierSeen: true };
}

/** A part of an extraction with a watermark of its own: the whole entity, or what its source splits it into (decision 0013). */
export interface Part {
  /** `''`, or the id of the record that names the part, such as a location. */
  readonly id: string;
  /** Parts of one group are asked for together. */
  readonly group: number;
  /** Lower bound, in the form of `ListRequest.from`; `null` reads everything. */
  readonly from: string | null;
  readonly greatest: Greatest | null;
  /** The row that carries the part's watermark has come back. */
  readonly carrierSeen: boolean;
}

export interface Parting {
  readonly perCall: number;
  readonly question: string;
  readonly lag: number;
  /** Where every part begins, whatever its watermark; `null`: where nothing is known yet; absent: at its watermark. */
  readonly start?: string | null;
}

/**
 * Splits a read into its parts, in groups of at most `perCall`. Parts that begin at the same place stand together, those without a
 * watermark first: a group begins where the most backward of its parts does.
 */
export function partsOf(ids: readonly string[], watermarks: ReadonlyMap<string, Watermark>, parting: Parting): Part[] {
  const begins = ids.map((id) => ({ id, ...beginning(watermarks.get(id), parting) }));
  const fresh = begins.filter(({ sort }) => sort === null).sort(byId);
  const known = begins.filter(({ sort }) => sort !== null).sort((a, b) => compare(a.sort!, b.sort!) || byId(a, b));
  const groups = [...chunks(fresh, parting.perCall), ...chunks(known, parting.perCall)];
  return groups.flatMap((members, group) =>
    members.map(({ id }) => ({ id, group, from: members[0]!.from, greatest: null, carrierSeen: false })),
  );
}

interface Beginning {
  readonly from: string | null;
  readonly sort: bigint | null;
}

function beginning(watermark: Watermark | undefined, { question, lag, start }: Parting): Beginning {
  if (start !== undefined) return { from: start, sort: null };
  if (watermark?.question !== question) return { from: null, sort: null };
  const sort = lowerBound(watermark, lag);
  return { from: lowerBoundText(watermark.kind, sort), sort };
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

export function groupCount(parts: readonly Part[]): number {
  return 1 + Math.max(0, ...parts.map(({ group }) => group));
}

export interface Raising {
  readonly watermarks: ReadonlyMap<string, Watermark>;
  readonly ceiling: bigint | null;
}

/** The parts after a list page. A row of a part that nobody asked for raises nothing. */
export function raiseParts(parts: readonly Part[], rows: readonly ListedRow[], { watermarks, ceiling }: Raising): Part[] {
  const byPart = new Map<string, ListedRow[]>(parts.map(({ id }) => [id, []]));
  for (const row of rows) byPart.get(row.part)?.push(row);
  return parts.map((part) => {
    const own = byPart.get(part.id)!;
    if (own.length === 0) return part;
    const carrierSeen = part.carrierSeen || carries(watermarks.get(part.id), own);
    return { ...part, carrierSeen, greatest: raiseGreatest(part.greatest, own, ceiling) };
  });
}

function carries(watermark: Watermark | undefined, rows: readonly ListedRow[]): boolean {
  if (watermark === undefined) return false;
  return rows.some((row) => row.id === watermark.carrierId && row.cursorSort !== null && row.cursorSort >= watermark.sort);
}

interface PartRow {
  part: string;
  group_no: number;
  from_text: string | null;
  greatest_text: string | null;
  greatest_sort: string | null;
  greatest_id: string | null;
  carrier_seen: boolean;
}

/** The parts of an extraction that its source splits; in the order of their groups. */
export async function readParts(db: Pick<Tx, 'query'>, extractionId: string): Promise<Part[]> {
  const rows = await db.query<PartRow>(
    `select part, group_no, from_text, greatest_text, greatest_sort, greatest_id, carrier_seen
       from freshet.extraction_part where extraction_id = $1 order by group_no, part`,
    [extractionId],
  );
  return rows.map((row) => ({
    id: row.part,
    group: row.group_no,
    from: row.from_text,
    greatest: greatestOf(row),
    carrierSeen: row.carrier_seen,
  }));
}

/** What three columns hold of the greatest cursor. */
export function greatestOf(row: Pick<PartRow, 'greatest_text' | 'greatest_sort' | 'greatest_id'>): Greatest | null {
  if (row.greatest_text === null || row.greatest_sort === null || row.greatest_id === null) return null;
  return { text: row.greatest_text, sort: BigInt(row.greatest_sort), id: row.greatest_id };
}

/** Saves parts as the beginning of a statement whose `$1` is the extraction; its own values come behind the `offset` values of that. */
export function partsSaved(parts: readonly Part[], offset: number): { readonly text: string; readonly values: readonly unknown[] } {
  const columns = ['text', 'integer', 'text', 'text', 'bigint', 'text', 'boolean'].map((type, n) => `$${offset + n + 1}::${type}[]`);
  return {
    text: `with parts as (
      insert into freshet.extraction_part (extraction_id, part, group_no, from_text, greatest_text, greatest_sort, greatest_id, carrier_seen)
      select $1, * from unnest(${columns.join(', ')})
          on conflict (extraction_id, part) do update
         set greatest_text = excluded.greatest_text, greatest_sort = excluded.greatest_sort, greatest_id = excluded.greatest_id,
             carrier_seen = excluded.carrier_seen)`,
    values: [
      parts.map(({ id }) => id),
      parts.map(({ group }) => group),
      parts.map(({ from }) => from),
      parts.map(({ greatest }) => greatest?.text ?? null),
      parts.map(({ greatest }) => greatest?.sort.toString() ?? null),
      parts.map(({ greatest }) => greatest?.id ?? null),
      parts.map(({ carrierSeen }) => carrierSeen),
    ],
  };
}

export async function saveParts(tx: Tx, extractionId: string, parts: readonly Part[]): Promise<void> {
  const saved = partsSaved(parts, 1);
  await tx.query(`${saved.text} select`, [extractionId, ...saved.values]);
}

/** Whether the source splits this entity. */
export function isParted(definition: Pick<EntityDefinition, 'partitions'>): boolean {
  return definition.partitions !== null;
}
