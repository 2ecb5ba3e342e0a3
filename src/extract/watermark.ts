import type { Database, Tx } from '../database/database';
import type { Extraction } from './extraction';
import type { ExtractInput, ExtractScope } from './extract-slice';
import { DELETIONS } from './part';

/** The committed position of a part of an entity (contracts §4): `sort` is µs since 1970 or the integer itself. */
export interface Watermark {
  readonly kind: 'instant' | 'integer';
  readonly text: string;
  readonly sort: bigint;
  readonly question: string;
  readonly carrierId: string | null;
  readonly carrierText: string | null;
}

/** By part; `''` where the source does not split the entity. */
export type Watermarks = ReadonlyMap<string, Watermark>;

export async function readWatermarks(db: Database, input: Pick<ExtractInput, 'pipeline' | 'entity'>): Promise<Watermarks> {
  const rows = await db.query<{
    partition: string;
    kind: 'instant' | 'integer';
    text: string;
    sort: string;
    question: string;
    carrier_id: string | null;
    carrier_text: string | null;
  }>(`select partition, kind, text, sort, question, carrier_id, carrier_text from freshet.watermark where pipeline = $1 and entity = $2`, [
    input.pipeline,
    input.entity,
  ]);
  return new Map(
    rows.map(({ partition, sort, carrier_id: carrierId, carrier_text: carrierText, ...rest }) => [
      partition,
      { ...rest, sort: BigInt(sort), carrierId, carrierText },
    ]),
  );
}

/** The most backward one that answers this question; else any, which then says that the question changed. */
export function leastOf(watermarks: Watermarks, question: string): Watermark | null {
  const all = [...watermarks].flatMap(([part, watermark]) => (part === DELETIONS ? [] : [watermark]));
  const same = all.filter((watermark) => watermark.question === question);
  return same.reduce<Watermark | null>((least, one) => (least === null || one.sort < least.sort ? one : least), null) ?? all[0] ?? null;
}

/**
 * Each part's greatest cursor becomes its watermark: never below the old value, unless the question is another one or the source counts
 * anew. Those of `stay` are left where they are.
 */
export async function moveWatermarks(
  tx: Tx,
  { input, deps }: ExtractScope,
  extraction: Extraction,
  stay: ReadonlySet<string> = new Set(),
): Promise<void> {
  const { cursor } = deps.definition;
  if (cursor === null) return;
  for (const { id, greatest } of extraction.parts) {
    if (greatest === null || stay.has(id)) continue;
    await tx.query(
      `insert into freshet.watermark as w (pipeline, entity, partition, kind, text, sort, question, carrier_id, carrier_text, extraction_id, reason)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $5, $9, case when $10 then 'reset: the counter of the source went back' else '' end)
       on conflict (pipeline, entity, partition) do update
          set kind = excluded.kind, text = excluded.text, sort = excluded.sort, question = excluded.question, carrier_id = excluded.carrier_id,
              carrier_text = excluded.carrier_text, extraction_id = excluded.extraction_id, changed_at = now(),
              reason = case when w.question = excluded.question then excluded.reason else 'reset: the question changed' end
        where w.question <> excluded.question or w.sort <= excluded.sort or $10`,
      [
        input.pipeline,
        input.entity,
        id,
        cursor.kind,
        greatest.text,
        greatest.sort.toString(),
        extraction.question,
        // A counter from which deletions are counted anew is no record's.
        greatest.id === '' ? null : greatest.id,
        extraction.id,
        extraction.resets,
      ],
    );
  }
}
