import { randomBytes } from 'node:crypto';
import type { Database } from '../src/database/database';
import type { LoadInput } from '../src/load/load-batch';
import { INVOICES } from './documents';
import type { Landed } from './landed';

const PIPELINE = 'bench';

/** The rows of the control schema that stand before a load: a run, its entity, an extraction, one published batch a file. */
export async function publishBatches(db: Database, table: string, { batches, profile }: Landed): Promise<readonly LoadInput[]> {
  const runId = `202511220000-LOAD-${randomBytes(4).toString('hex').toUpperCase()}`;
  const extractionId = randomBytes(8).toString('hex');
  const entity = table;
  await db.query(`insert into freshet.config (digest, body) values ('bench', '{}') on conflict do nothing`);
  await db.query(`update freshet.run set state = 'completed', completed_at = now() where pipeline = $1 and state = 'running'`, [PIPELINE]);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state)
     values ($1, $1, $2, 'sync', 'load', 'test', 'bench', 'running')`,
    [runId, PIPELINE],
  );
  await db.query(
    `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ($1, $2, 'bench', $2) on conflict do nothing`,
    [PIPELINE, entity],
  );
  await db.query(`insert into freshet.run_entity (run_id, entity, state, token, extraction_id) values ($1, $2, 'loading', 1, $3)`, [
    runId,
    entity,
    extractionId,
  ]);
  await db.query(
    `insert into freshet.extraction (id, pipeline, entity, question, read_kind, state, owner_run, position)
     values ($1, $2, $3, 'q', 'complete', 'open', $4, '{}')`,
    [extractionId, PIPELINE, entity, runId],
  );
  const inputs: LoadInput[] = [];
  for (const [index, { file, sha256, records, bytes }] of batches.entries()) {
    const key = `${extractionId}/load/${index + 1}`;
    // The same file is loaded again and again: the key in front of it keeps it unique, as another session's would be.
    await db.query(
      `insert into freshet.batch (key, extraction_id, n, run_id, token, state, file, sha256, records, bytes, profile)
       values ($1, $2, $3, $4, 1, 'published', $5, $6, $7, $8, $9)`,
      [key, extractionId, index + 1, runId, `${extractionId}:${file}`, sha256, records, bytes, JSON.stringify(profile)],
    );
    inputs.push({
      fence: { runId, entity, entityNumber: 1, token: '1', extractionId },
      pipeline: PIPELINE,
      entity,
      schema: 'bench',
      table,
      definition: INVOICES,
      zone: 'Europe/Berlin',
      runId,
      extractionId,
      batchKey: key,
      session: 'bench',
    });
  }
  return inputs;
}
