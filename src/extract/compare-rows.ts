import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import { formatInstant } from '../domain/instant';
import { daysAsked, DIFFERENCES, type Comparison, type Difference } from './comparison';
import { differenceSql } from './difference-sql';
import type { Extraction } from './extraction';
import type { ExtractScope } from './extract-slice';
import { ceiling } from './list-step';
import type { ListedRow } from './listed-row';
import { seenTable } from './open-extraction';

/** A row of a list page, and how the table stands to it. */
export interface ComparedRow {
  readonly row: ListedRow;
  /** Of its cursor, in UTC; `''` without one; `null`: of no day that was asked for. */
  readonly day: string | null;
  readonly difference: Difference | 'moving' | null;
}

/** A source's clock comes in whole seconds. µs */
const CLOCK_STEP = 1_000_000n;

/** SQL over extraction `x`: when the read began. */
export const SINCE = `coalesce(x.source_started_at, x.started_at_db)`;

/** Compares the rows of a page with the table, in one statement. The answer is in their order. */
export async function compareRows(
  scope: ExtractScope,
  extraction: Extraction,
  { rows, comparison }: { readonly rows: readonly ListedRow[]; readonly comparison: Comparison },
): Promise<ComparedRow[]> {
  const { deps, input } = scope;
  const sql = differenceSql(deps.definition, { listed: 'n', held: 't', since: 'x.since', ceiling: '$8::bigint' });
  const found = await deps.db.query<{ difference: ComparedRow['difference'] }>(
    `select ${sql} as difference
       from unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::boolean[])
            with ordinality as n (id, cursor_text, cursor_sort, version, tombstone, place)
      cross join (select coalesce($7::timestamptz, started_at_db) as since from freshet.extraction where id = $6) x
       left join ${ident(input.target.schema, input.target.table)} t on t.id = n.id
      order by n.place`,
    [
      rows.map(({ id }) => id),
      rows.map(({ cursorText }) => cursorText),
      rows.map(({ cursorSort }) => cursorSort?.toString() ?? null),
      rows.map(({ version }) => version),
      rows.map(({ tombstone }) => tombstone),
      extraction.id,
      extraction.sourceStartedAt,
      latest(scope, extraction),
    ],
  );
  return rows.map((row, index) => {
    const day = dayOf(scope, comparison, row);
    return { row, day, difference: day === null ? null : (found[index]?.difference ?? null) };
  });
}

/** What is later was changed while it was read. */
export function latest(scope: ExtractScope, extraction: Extraction): string | null {
  const top = ceiling(scope, extraction);
  if (top === null) return null;
  return (scope.deps.definition.cursor?.kind === 'instant' ? top + CLOCK_STEP : top).toString();
}

function dayOf({ deps }: ExtractScope, comparison: Comparison, { cursorSort }: ListedRow): string | null {
  const { from, to } = daysAsked(comparison);
  const outside =
    (from !== null && (cursorSort === null || cursorSort < from)) || (to !== null && (cursorSort === null || cursorSort >= to));
  if (outside) return null;
  return cursorSort === null || deps.definition.cursor?.kind !== 'instant' ? '' : formatInstant(cursorSort).slice(0, 10);
}

/** Whether the record is to be fetched and loaded. */
export function isWanted(comparison: Comparison, { difference }: ComparedRow): boolean {
  return comparison.fix && (DIFFERENCES as readonly (string | null)[]).includes(difference);
}

/** Part of the page's transaction. A difference that an earlier pass found stays found, though it is mended meanwhile. */
export async function rememberCompared(tx: Tx, extraction: Extraction, compared: readonly ComparedRow[]): Promise<void> {
  if (compared.length === 0) return;
  await tx.query(
    `insert into ${seenTable(extraction.id)} as s (id, cursor_text, cursor_sort, version, tombstone, day, difference, pass)
     select n.*, $8::integer
       from unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::boolean[], $6::text[], $7::text[]) as n
         on conflict (id) do update
        set cursor_text = excluded.cursor_text, cursor_sort = excluded.cursor_sort, version = excluded.version, tombstone = excluded.tombstone,
            pass = excluded.pass,
            day = case when s.difference = any ($9) then s.day else excluded.day end,
            difference = case when s.difference = any ($9) then s.difference else excluded.difference end`,
    [
      compared.map(({ row }) => row.id),
      compared.map(({ row }) => row.cursorText),
      compared.map(({ row }) => row.cursorSort?.toString() ?? null),
      compared.map(({ row }) => row.version),
      compared.map(({ row }) => row.tombstone),
      compared.map(({ day }) => day),
      compared.map(({ difference }) => difference),
      extraction.position.pass,
      DIFFERENCES,
    ],
  );
}
