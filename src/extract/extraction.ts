import { formatInstant, parseInstant } from '../domain/instant';
import type { Tx } from '../database/database';
import type { ReadKind } from '../sources/source';
import type { Greatest } from './greatest';
import type { Position } from './position';

/** An extraction as the stage holds it in memory; the row of the same name is the truth. */
export interface Extraction {
  readonly id: string;
  readonly read: ReadKind;
  readonly question: string;
  readonly from: string | null;
  readonly position: Position;
  /** The source's clock when the read began (ISO, µs); `null` before the first answer, or where the source has none. */
  readonly sourceStartedAt: string | null;
  readonly greatest: Greatest | null;
  readonly carrierSeen: boolean;
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
  session_id: string;
  owner_run: string;
}

export const EXTRACTION_COLUMNS =
  'id, read_kind, question, from_text, position, source_started_at, greatest_text, greatest_sort, greatest_id, carrier_seen, session_id, owner_run';

export function extractionOf(row: ExtractionRow): Extraction {
  return {
    id: row.id,
    read: row.read_kind,
    question: row.question,
    from: row.from_text,
    position: row.position,
    sourceStartedAt: instantText(row.source_started_at),
    greatest:
      row.greatest_text === null || row.greatest_sort === null || row.greatest_id === null
        ? null
        : { text: row.greatest_text, sort: BigInt(row.greatest_sort), id: row.greatest_id },
    carrierSeen: row.carrier_seen,
    sessionId: row.session_id,
  };
}

/** PostgreSQL's timestamptz text as ISO text in UTC with µs. */
export function instantText(value: string | null): string | null {
  const parsed = value === null ? null : parseInstant(value);
  return parsed === null ? null : formatInstant(parsed.micros);
}

/** Stores what a page changed. Part of the page's transaction. */
export async function saveExtraction(tx: Tx, extraction: Extraction): Promise<void> {
  await tx.query(
    `update freshet.extraction
        set position = $2, source_started_at = $3, greatest_text = $4, greatest_sort = $5, greatest_id = $6,
            carrier_seen = $7, last_page_at = now()
      where id = $1`,
    [
      extraction.id,
      JSON.stringify(extraction.position),
      extraction.sourceStartedAt,
      extraction.greatest?.text ?? null,
      extraction.greatest?.sort.toString() ?? null,
      extraction.greatest?.id ?? null,
      extraction.carrierSeen,
    ],
  );
}
