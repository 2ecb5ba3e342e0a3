import { formatInstant, parseInstant } from '../domain/instant';
import type { Tx } from '../database/database';
import type { ReadKind } from '../sources/source';
import { greatestOf, partsSaved, WHOLE, type Part } from './part';
import { START, type Position } from './position';

/** An extraction as the stage holds it in memory; the row of the same name is the truth. */
export interface Extraction {
  readonly id: string;
  readonly read: ReadKind;
  readonly question: string;
  readonly from: string | null;
  readonly position: Position;
  /** The source's clock when the read began (ISO, µs); `null` before the first answer, or where the source has none. */
  readonly sourceStartedAt: string | null;
  /** In the order of their groups; one, `''`, where the source does not split the entity. */
  readonly parts: readonly Part[];
  /** For an integer cursor: the greatest value that the source had given out when the read began. */
  readonly counter: bigint | null;
  /** The watermarks may go back: what the source counts by has. */
  readonly resets: boolean;
  readonly sessionId: string;
}

export interface ExtractionRow {
  id: string;
  read_kind: ReadKind;
  question: string;
  from_text: string | null;
  position: Position;
  source_started_at: string | null;
  greatest_text: string | null;
  greatest_sort: string | null;
  greatest_id: string | null;
  carrier_seen: boolean;
  counter: string | null;
  resets: boolean;
  session_id: string;
  owner_run: string;
}

export const EXTRACTION_COLUMNS =
  'id, read_kind, question, from_text, position, source_started_at, greatest_text, greatest_sort, greatest_id, carrier_seen, counter, resets, session_id, owner_run';

/** `parts`: those that the source split the entity into; none: the row is the one part. */
export function extractionOf(row: ExtractionRow, parts: readonly Part[]): Extraction {
  return {
    id: row.id,
    read: row.read_kind,
    question: row.question,
    from: row.from_text,
    // One that an earlier version began knows less of where it stands.
    position: { ...START, ...row.position },
    sourceStartedAt: instantText(row.source_started_at),
    parts: withWhole(parts, { from: row.from_text, greatest: greatestOf(row), carrierSeen: row.carrier_seen }),
    counter: row.counter === null ? null : BigInt(row.counter),
    resets: row.resets,
    sessionId: row.session_id,
  };
}

/** Where the source does not split the entity, the whole is its one part. */
export function withWhole(parts: readonly Part[], whole: Pick<Part, 'from' | 'greatest' | 'carrierSeen'>): readonly Part[] {
  return parts.some(({ group }) => group >= 0) ? parts : [{ id: WHOLE, group: 0, ...whole }, ...parts];
}

/** PostgreSQL's timestamptz text as ISO text in UTC with µs. */
export function instantText(value: string | null): string | null {
  const parsed = value === null ? null : parseInstant(value);
  return parsed === null ? null : formatInstant(parsed.micros);
}

/** Stores what a page changed. Part of the page's transaction. */
export async function saveExtraction(tx: Tx, extraction: Extraction): Promise<void> {
  const whole = extraction.parts.find(({ id }) => id === WHOLE);
  const others = extraction.parts.filter(({ id }) => id !== WHOLE);
  const values = [
    extraction.id,
    JSON.stringify(extraction.position),
    extraction.sourceStartedAt,
    whole?.greatest?.text ?? null,
    whole?.greatest?.sort.toString() ?? null,
    whole?.greatest?.id ?? null,
    whole?.carrierSeen ?? false,
    extraction.counter?.toString() ?? null,
  ];
  const parts = others.length === 0 ? { text: '', values: [] } : partsSaved(others, values.length);
  await tx.query(
    `${parts.text}
     update freshet.extraction
        set position = $2, source_started_at = $3, greatest_text = $4, greatest_sort = $5, greatest_id = $6,
            carrier_seen = $7, counter = $8, last_page_at = now()
      where id = $1`,
    [...values, ...parts.values],
  );
}
