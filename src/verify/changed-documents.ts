import type { Tx } from '../database/database';
import { ArraySplitter } from '../json/array-stream';
import { decodeRecord, fieldOf, isJsonObject, type JsonObject } from '../json/decode';
import { recordKey } from '../json/record-key';
import { scalarText } from '../json/scalar-text';
import type { LandingStore } from '../landing/landing-store';
import type { EntityDefinition } from '../sources/source';
import { noneCheck, type Check } from './check';

/** Documents of which the landed files are read again; beyond it only `verify --deep` compares sets with landing. */
export const REREAD_LIMIT = 1_000;

export interface ChangedDocuments {
  readonly headers: string;
  readonly lines: string;
  /** Numbers of the batches that wrote them. */
  readonly batchNos: readonly string[];
}

/** Line items of the documents that this run wrote count 1, 2, 3 … without a gap. */
export async function checkSets(tx: Tx, { headers, lines, batchNos }: ChangedDocuments): Promise<Check> {
  const gaps = await tx.query<{ id: string; n: string; last: number }>(
    `select h.id, count(*) as n, max(l.line_no) as last from ${headers} h join ${lines} l on l.parent_id = h.id and l.deleted_at is null
      where h.batch_no = any ($1::bigint[]) and h.deleted_at is null
      group by h.id having min(l.line_no) <> 1 or max(l.line_no) <> count(*) limit 5`,
    [batchNos],
  );
  return noneCheck(
    'line-sets',
    'changed documents with a gap in their line items',
    gaps.map(({ id, n, last }) => `${id} (${n} line items, the last is number ${last})`),
  );
}

interface HeldSet {
  readonly id: string;
  readonly cursor: string | null;
  readonly lines: number;
}

/** Changed documents hold as many line items as the landed record says. `null` when there are too many of them, or no line items. */
export async function checkSetSizes(
  tx: Tx,
  landing: LandingStore,
  documents: ChangedDocuments & { readonly runId: string; readonly entity: string; readonly definition: EntityDefinition },
): Promise<Check | null> {
  const held = await heldSets(tx, documents);
  if (held.length > REREAD_LIMIT || documents.definition.lineItems === null) return null;
  if (held.length === 0) return noneCheck('line-counts', 'changed documents', []);
  const files = await tx.query<{ file: string }>(
    `select b.file from freshet.batch b join freshet.extraction x on x.id = b.extraction_id
      where b.loaded_by_run = $1 and x.entity = $2 and b.state = 'loaded'`,
    [documents.runId, documents.entity],
  );
  const landed = await landedSizes(landing, files, { definition: documents.definition, wanted: new Set(held.map(({ id }) => id)) });
  const wrong = held.filter((set) => !fits(set, landed.get(set.id) ?? []));
  return noneCheck(
    'line-counts',
    'changed documents with another number of line items than landed',
    wrong.slice(0, 5).map(
      ({ id, lines }) =>
        `${id} (holds ${lines}, landed ${
          landed
            .get(id)
            ?.map((size) => size.lines)
            .join(' or ') ?? 'nothing'
        })`,
    ),
  );
}

async function heldSets(tx: Tx, { headers, lines, batchNos }: ChangedDocuments): Promise<HeldSet[]> {
  const rows = await tx.query<{ id: string; cursor: string | null; lines: string }>(
    `select h.id, h.source_cursor as cursor, count(l.parent_id) as lines
       from (select id, source_cursor from ${headers} where batch_no = any ($1::bigint[]) and deleted_at is null limit ${REREAD_LIMIT + 1}) h
       left join ${lines} l on l.parent_id = h.id and l.deleted_at is null group by h.id, h.source_cursor`,
    [batchNos],
  );
  return rows.map((row) => ({ ...row, lines: Number(row.lines) }));
}

interface LandedSize {
  readonly cursor: string | null;
  /** `null`: the record does not speak of its line items. */
  readonly lines: number | null;
}

/** A record may be landed several times: the held one is of a version with its cursor text. */
function fits(held: HeldSet, landed: readonly LandedSize[]): boolean {
  return landed.some(({ cursor, lines }) => cursor === held.cursor && (lines === null || lines === held.lines));
}

interface Wanted {
  readonly definition: EntityDefinition;
  readonly wanted: ReadonlySet<string>;
}

async function landedSizes(landing: LandingStore, files: readonly { file: string }[], wanted: Wanted): Promise<Map<string, LandedSize[]>> {
  const sizes = new Map<string, LandedSize[]>();
  for (const { file } of files) {
    const splitter = new ArraySplitter();
    for await (const chunk of landing.read(file)) {
      for (const { bytes } of splitter.push(chunk)) note(sizes, bytes, wanted);
    }
  }
  return sizes;
}

function note(sizes: Map<string, LandedSize[]>, bytes: Buffer, { definition, wanted }: Wanted): void {
  const decoded = decodeRecord(bytes);
  if (!decoded.ok || !isJsonObject(decoded.value)) return;
  const id = recordKey(decoded.value, definition.key);
  if (id === null || !wanted.has(id)) return;
  const cursor = definition.cursor === null ? null : scalarText(fieldOf(decoded.value, definition.cursor.field));
  sizes.set(id, [...(sizes.get(id) ?? []), { cursor, lines: sizeOf(decoded.value, definition) }]);
}

function sizeOf(record: JsonObject, definition: EntityDefinition): number | null {
  const items = definition.lineItems === null ? undefined : fieldOf(record, definition.lineItems.field);
  if (items === undefined) return null;
  return Array.isArray(items) ? items.length : 0;
}
