import type { Tx } from '../../database/database';
import type { DeepEntity, KnownEntity } from './deep-entity';
import { beginLanded, finishLanded, storeLanded, type LandedRecord } from './landed';
import { recordFacts } from './landed-record';
import { checkBatchFiles, type BatchScope } from './landing-batches';
import type { HeldColumn, HeldColumns, RecordReader } from './loader';

/** Records held in memory before they go into the temporary table. */
const CHUNK = 500;

/**
 * Fills `pg_temp.landed` with every record of every loaded batch of the entity and `pg_temp.newest` with the newest of each id,
 * checking the files on the way (invariant 6). Returns how many records there are.
 */
export async function gatherEvidence(scope: BatchScope, known: KnownEntity, reader: RecordReader): Promise<number> {
  const { tx, entity } = scope;
  await beginLanded(tx);
  let chunk: LandedRecord[] = [];
  let ord = 0;
  await checkBatchFiles(scope, async (batch, page, { offset, bytes }) => {
    chunk.push({
      batchKey: batch.key,
      batchNo: batch.batchNo,
      extractionId: batch.extractionId,
      file: batch.file,
      offset,
      length: bytes.length,
      ord: ++ord,
      fetchedAt: page?.fetchedAt ?? null,
      ...recordFacts(bytes, reader, known),
    });
    if (chunk.length < CHUNK) return;
    await storeLanded(tx, chunk);
    chunk = [];
  });
  await storeLanded(tx, chunk);
  await finishLanded(tx, entity.pipeline, entity.entity);
  return ord;
}

export async function heldColumns(tx: Tx, entity: DeepEntity): Promise<HeldColumns> {
  const read = (table: string): Promise<HeldColumn[]> =>
    tx.query<HeldColumn & object>(
      `select field, name, type, ordinal from freshet.raw_column where schema = $1 and "table" = $2 order by ordinal`,
      [entity.schema, table],
    );
  return { header: await read(entity.table), lines: entity.linesTable === null ? null : await read(entity.linesTable) };
}
