import { sqlstate } from '../database/database-error';
import { publishChunk, RowsMoved, type ChunkJob } from './chunk';
import { COUNTS, type PublishCounts } from '../domain/publish-ledger';
import type { Finding } from './mapping/mapping';
import { isRefusal } from './refusal';
import type { StagedRows } from './staged-rows';

/** How often a chunk is made again because people wrote into the target meanwhile. */
const TRIES = 5;

/** Unique and foreign keys that were free when the plan was made, and deadlocks with people's transactions. */
const MEANWHILE: ReadonlySet<string> = new Set(['23505', '23503', '40P01', '40001']);

/**
 * Publishes a chunk, again where people wrote in between. Where PostgreSQL refuses a row, the chunk is cut in halves down to it; that row
 * is a reject, with PostgreSQL's own words.
 */
export async function publishPatiently(job: ChunkJob, rows: StagedRows): Promise<PublishCounts> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await publishChunk(job, rows);
    } catch (error) {
      if (attempt < TRIES && wasMeanwhile(error)) {
        const { entity, target } = job.scope.input;
        job.scope.ctx.log('PB-006', { entity, table: `${target.schema}.${target.table}` });
        continue;
      }
      if (!isRefusal(error)) throw error;
      return rows.length > 1 ? publishHalves(job, rows) : publishPatiently(job, rows.refused(refusal(rows, error)));
    }
  }
}

function wasMeanwhile(error: unknown): boolean {
  return (error as Error).cause instanceof RowsMoved || error instanceof RowsMoved || MEANWHILE.has(sqlstate(error) ?? '');
}

async function publishHalves(job: ChunkJob, rows: StagedRows): Promise<PublishCounts> {
  const [former, latter] = rows.halves();
  const first = await publishPatiently(job, former);
  const second = await publishPatiently(job, latter);
  return Object.fromEntries(COUNTS.map((name) => [name, first[name] + second[name]])) as unknown as PublishCounts;
}

const POSTGRES = 'postgres';

/** What PostgreSQL said of one record. Throws the error where that very record is refused again without its cells, or was to be removed. */
function refusal(rows: StagedRows, error: unknown): Finding {
  if (rows.isGone || [...rows.flawed.values()].some(({ findings }) => findings.some(({ rule }) => rule === POSTGRES))) throw error;
  const { constraint, column } = ((error as Error).cause ?? error) as { constraint?: string; column?: string };
  const message = `PostgreSQL refused the row: ${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message}`;
  const value = constraint === undefined ? {} : { value: constraint };
  return { rule: POSTGRES, field: column ?? null, severity: 'error', message, ...value };
}
