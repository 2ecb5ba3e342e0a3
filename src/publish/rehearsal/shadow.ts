import { ident } from '../../database/identifier';
import type { Database } from '../../database/database';
import type { Mapping, Target } from '../mapping/mapping';
import type { CopyOf, PublishInput } from '../publish-input';
import { companionName, placeOf } from '../typed-table';
import { copyRows } from './copy-rows';
import { copyTable } from './copy-table';

type Copies = CopyOf['copies'];

/** One entity's typed table as a copy: an input that publishes into the copy, and what stands in production. */
export interface ShadowEntity {
  readonly original: PublishInput;
  readonly input: PublishInput;
  /** Quoted name of the copy. */
  readonly name: string;
  /** Quoted name of the table that was copied; `null`: there is none yet. */
  readonly from: string | null;
  /** The columns that it has. */
  readonly columns: readonly Target[];
}

export interface Shadow {
  readonly name: string;
  readonly runId: string;
  readonly entities: readonly ShadowEntity[];
}

/** In each row of a copy: where the row was that it is a copy of. */
export const WAS = 'freshet_was';

/**
 * Copies the typed tables of some entities, with everything that publish keeps beside them, under a name that nobody else uses: a schema, a
 * pipeline and a run. Precondition: `db` is a transaction that is rolled back (decision 0023). `id`: eight hex digits.
 * Errors: `schema_error` where a target is not the entity's.
 */
export async function makeShadow(db: Database, originals: readonly PublishInput[], id: string): Promise<Shadow> {
  const name = `freshet_rehearsal_${id}`;
  const runId = `000000000000-REPLAY-${id.toUpperCase()}`;
  await db.query(`create schema ${ident(name)}`);
  await beginRun(db, { name, runId }, originals);
  const copies: Copies = new Map(
    originals.map(({ target }, n) => [ident(target.schema, target.table), { schema: name, table: `t${n + 1}` }]),
  );
  const entities: ShadowEntity[] = [];
  for (const [n, original] of originals.entries()) {
    const target = { ...original.target, schema: name, table: `t${n + 1}` };
    const copyOf = { pipeline: original.pipeline, target: original.target, copies };
    const compile: PublishInput['compile'] = (raw) => withCopies(original.compile(raw), copies);
    const input: PublishInput = { ...original, runId, pipeline: name, target, copyOf, compile, budget: 'none' };
    entities.push({ original, input, name: ident(name, target.table), ...(await copyTyped(db, original, input)) });
    await copyBeside(db, { pipeline: original.pipeline, entity: original.entity, name });
  }
  return { name, runId, entities };
}

/** What a publish needs of a run: its row and those of its entities, and settings to refer to. */
async function beginRun(db: Database, { name, runId }: Pick<Shadow, 'name' | 'runId'>, originals: readonly PublishInput[]): Promise<void> {
  await db.query(`insert into freshet.config (digest, body) values ($1, '{}')`, [name]);
  await db.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state) values ($1, $2, $2, 'sync', 'replay', '', $2, 'running')`,
    [runId, name],
  );
  for (const { entity, pipeline } of originals) {
    await db.query(`insert into freshet.run_entity (run_id, entity, state, token) values ($1, $2, 'publishing', 1)`, [runId, entity]);
    await copyRows(db, 'pipeline_entity', { pipeline, entity }, { pipeline: name });
  }
}

async function copyTyped(
  db: Database,
  original: PublishInput,
  { target, pipeline }: PublishInput,
): Promise<Pick<ShadowEntity, 'from' | 'columns'>> {
  const { held, there } = await placeOf(db, original);
  if (held === undefined || !there) return { from: null, columns: [] };
  const places = { pipeline, schema: target.schema, table: target.table };
  await copyRows(db, 'published_table', { pipeline: original.pipeline, entity: original.entity }, places);
  const [row] = await db.query<{ id: string }>(`select id from freshet.published_table where pipeline = $1 and entity = $2`, [
    pipeline,
    original.entity,
  ]);
  const from = ident(original.target.schema, original.target.table);
  await copyTable(db, { from, to: ident(target.schema, target.table), was: WAS });
  await copyTable(db, { from: companionName(held.id), to: companionName(row!.id) });
  return { from, columns: held.columns };
}

/** Conflicts, overrides, waiting records and open rejects: what was decided, and what is tried again. */
async function copyBeside(
  db: Database,
  { pipeline, entity, name }: { readonly pipeline: string; readonly entity: string; readonly name: string },
): Promise<void> {
  for (const table of ['conflict', 'publish_override', 'publish_pending', 'publish_warning'] as const)
    await copyRows(db, table, { pipeline, entity }, { pipeline: name });
  await copyRows(db, 'reject', { pipeline, entity, only: `stage = 'publish' and closed_by_run is null` }, { pipeline: name });
}

/** References and lookups lead to the copies, where there are some. */
function withCopies(mapping: Mapping, copies: Copies): Mapping {
  const placed = <T extends { readonly schema: string; readonly table: string }>(each: T): T => ({
    ...each,
    ...copies.get(ident(each.schema, each.table)),
  });
  return { ...mapping, references: mapping.references.map(placed), lookups: mapping.lookups.map(placed) };
}
