import { ident } from '../../database/identifier';
import type { Tx } from '../../database/database';
import type { DeepEntity } from './deep-entity';
import { checkTypedLedger } from './typed-ledger';
import { typedPlace, type TypedPlace } from './typed-place';
import { checkReferences } from './typed-references';
import { ROW_CHECKS, type RowCheck, type TypedTables } from './typed-rows';
import { checkSql, type Findings } from './violation';

/** Rows that were published and that somebody deleted in the typed table: no violation, the record's next change decides. */
export interface DeletedByHand {
  /** `<pipeline>.<entity>` */
  readonly entity: string;
  readonly table: string;
  readonly rows: number;
  /** Ids of the first few records. */
  readonly sample: readonly string[];
}

/** Invariant 13: the entity's typed table is what publish made of its raw one, and what people made of that. Reads the tables alone. */
export async function checkTyped(tx: Tx, findings: Findings, entity: DeepEntity): Promise<DeletedByHand | null> {
  const place = await typedPlace(tx, entity);
  if (place === null) return null;
  await checkTypedLedger(tx, findings, entity, place);
  if (place.typed === null || place.companion === null) {
    findings.found(
      { invariant: 13, name: 'typed-table-missing', entity: entity.label, where: place.label, remedy: `${again(entity)} makes it anew from the raw table` }, // prettier-ignore
      `${place.typed === null ? place.label : `what freshet last wrote into ${place.label}`} does not exist any more`,
    );
    return null;
  }
  if (place.unfit.length > 0) {
    const lines = place.unfit.map(
      ({ column, typed, companion }) => `${column}: ${typed ?? 'not there'} in the table, ${companion ?? 'not there'} in its base`,
    );
    const remedy = `give the column back the name and type that its base has; the next run fails on it otherwise`;
    findings.found(
      { invariant: 13, name: 'typed-column', entity: entity.label, where: place.label, remedy },
      `${lines.length} columns of the mapping are not as freshet made them`,
      lines,
    );
  }
  await checkTypedDuplicates(tx, findings, entity, place);
  await checkReferences(tx, findings, entity, place);
  if (entity.headers === null) return null;
  const tables: TypedTables = { ...place, typed: place.typed, companion: place.companion, raw: entity.headers, entity };
  for (const check of ROW_CHECKS) await checkRows(tx, findings, tables, check);
  return deletedByHand(tx, tables);
}

/** Reading everything once more is what mends most of it: the merge is the same, and finds what it has to do. */
export function again({ pipeline, entity }: Pick<DeepEntity, 'pipeline' | 'entity'>): string {
  return `./freshet run ${pipeline} --entity ${entity} --full`;
}

async function checkRows(tx: Tx, findings: Findings, tables: TypedTables, { name, what, remedy, sql }: RowCheck): Promise<void> {
  const text = sql(tables);
  if (text === null) return;
  const { entity, label, rows, published } = tables;
  await checkSql(tx, findings, {
    invariant: 13,
    name,
    entity: entity.label,
    where: label,
    what,
    remedy: remedy(tables),
    rows,
    // Not every check asks for all three.
    sql: `with asked as (select $1::text, $2::text, $3::bigint) ${text}`,
    values: [entity.pipeline, entity.entity, published ?? '-1'],
  });
}

/** Also where somebody dropped the constraint. */
async function checkTypedDuplicates(tx: Tx, findings: Findings, entity: DeepEntity, place: TypedPlace): Promise<void> {
  for (const column of ['source_id', place.uniqueField]) {
    await checkSql(tx, findings, {
      invariant: 3,
      name: 'typed-duplicate',
      entity: entity.label,
      where: place.label,
      what: `values of ${column} that stand in the table more than once`,
      remedy: `delete the rows that are too many, and put the table's constraint on ${column} back`,
      rows: place.rows,
      sql: `select ${ident(column)}::text as "${column.replaceAll('"', '""')}", count(*) as times from ${place.typed!} where ${ident(column)} is not null group by 1 having count(*) > 1`,
    });
  }
}

async function deletedByHand(tx: Tx, { raw, companion, typed, label, entity, published }: TypedTables): Promise<DeletedByHand | null> {
  const rows = await tx.query<{ id: string; total: string }>(
    `select r.id, count(*) over () as total
       from ${raw} r join ${companion} c on c.freshet_id = r.id left join ${typed} t on t.source_id = r.id
      where t.source_id is null and c.freshet_state = 'live' and r.deleted_at is null and c.freshet_batch >= r.batch_no and r.batch_no <= $1
      order by r.id limit 5`,
    [published ?? '-1'],
  );
  if (rows.length === 0) return null;
  return { entity: entity.label, table: label, rows: Number(rows[0]!.total), sample: rows.map(({ id }) => id) };
}
