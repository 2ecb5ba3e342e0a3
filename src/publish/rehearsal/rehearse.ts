import type { Database } from '../../database/database';
import { oneTransaction, undone, type OneTransaction } from '../../database/one-transaction';
import type { Fence } from '../../database/fence';
import { silentLog } from '../../observability/collecting-log';
import type { StageContext } from '../../observability/stage-context';
import type { LandedKeys } from '../absent-keys';
import type { Target } from '../mapping/mapping';
import { overBudget } from '../publish-budget';
import type { PublishCounts } from '../../domain/publish-ledger';
import { publishWith, rawColumns } from '../publish-entity';
import type { PublishInput } from '../publish-input';
import { publishDigest } from '../publish-plan';
import { contentDigest, digestOf } from './content-digest';
import { differences, type Differences } from './differences';
import { contested, errorInProduction, refused, type Contested, type Refused } from './problems';
import { makeShadow, type Shadow, type ShadowEntity } from './shadow';

/** Locks of temporary tables are held until the transaction ends: fewer and greater chunks than otherwise. */
export const ONE_TRANSACTION_CHUNK = 50_000;

/** What a rehearsal of one entity hangs on, and what came of it; digests in hexadecimal. */
export interface RehearsedParts {
  readonly mapping: string;
  readonly input: string;
  readonly typed: string;
  readonly result: string;
}

/** Plain JSON: what the next publish of an entity would do. */
export interface RehearsedEntity extends Differences {
  readonly entity: string;
  readonly table: string;
  /** `false`: it would be made. */
  readonly exists: boolean;
  /** Why every record is looked at; `null`: only what changed since the last publish. */
  readonly full_reason: string | null;
  readonly counts: PublishCounts;
  /** Columns that the table has and the mapping does not fill: they keep their values. */
  readonly unmapped: readonly string[];
  readonly refused: Refused;
  readonly contested: Contested;
  /** More records would be refused than the entity's reject_budget allows: a run would stop there. */
  readonly held: boolean;
  /** Triggers of the table's users, which do not act in a rehearsal. */
  readonly triggers: readonly string[];
}

export interface Rehearsed {
  readonly entities: readonly RehearsedEntity[];
  readonly parts: Readonly<Record<string, RehearsedParts>>;
}

export interface RehearseDeps {
  readonly db: Database;
  readonly landed?: LandedKeys;
}

export interface RehearseInput {
  /** Parents before children. Their `runId` is not used. */
  readonly entities: readonly PublishInput[];
  /** Eight hex digits. */
  readonly id: string;
  /** Examples of each kind. */
  readonly samples: number;
}

/**
 * Publishes entities into copies of their tables, compares, and takes everything back (decision 0023). Errors: those of a publish, besides
 * the reject budget.
 */
export function rehearse({ db, landed }: RehearseDeps, input: RehearseInput, ctx: StageContext): Promise<Rehearsed> {
  // What a copy meets is told by the answer; a log of it would name tables that are gone.
  const quiet = { ...ctx, log: silentLog };
  return undone((undo) =>
    db.transaction({ site: 'publish.rehearse', ctx, snapshot: true }, async (tx) =>
      undo(await play(oneTransaction(tx), { ...input, landed }, quiet)),
    ),
  );
}

async function play(
  one: OneTransaction,
  { entities, id, samples, landed }: RehearseInput & { readonly landed: LandedKeys | undefined },
  ctx: StageContext,
): Promise<Rehearsed> {
  const before = new Map<string, Omit<RehearsedParts, 'result'>>();
  for (const entity of entities) before.set(entity.entity, await partsBefore(one.db, entity));
  const shadow = await makeShadow(one.db, entities, id);
  const found: RehearsedEntity[] = [];
  const parts: Record<string, RehearsedParts> = {};
  for (const entity of shadow.entities) {
    const counts = await publishCopy(one, { shadow, entity, landed }, ctx).catch((error: unknown) => {
      throw errorInProduction(shadow, error);
    });
    found.push(await told(one.db, { shadow, entity, counts, samples }));
    const result = await contentDigest(one.db, { pipeline: shadow.name, entity: entity.input.entity, typed: entity.name }, counts);
    parts[entity.input.entity] = { ...before.get(entity.input.entity)!, result };
  }
  return { entities: found, parts };
}

/** What must not have moved until a rehearsal is accepted. */
export async function partsBefore(db: Database, entity: PublishInput): Promise<Omit<RehearsedParts, 'result'>> {
  const mapping = entity.compile(await rawColumns(db, entity));
  const { budget, schemaPolicy, since = null, full } = entity;
  const [input] = await db.query(
    `select e.epoch, e.published_batch, o.last_batch_no from freshet.pipeline_entity e
       join freshet.table_owner o on o.schema = $3 and o."table" = $4 where e.pipeline = $1 and e.entity = $2`,
    [entity.pipeline, entity.entity, entity.raw.schema, entity.raw.table],
  );
  return {
    mapping: digestOf({ digest: publishDigest(entity, mapping), budget, schemaPolicy }),
    input: digestOf({ input, since, full }),
    typed: await contentDigest(db, await placeOfEntity(db, entity)),
  };
}

/** Where the entity's typed table is, for `contentDigest`. */
export async function placeOfEntity(
  db: Database,
  { pipeline, entity, target }: PublishInput,
): Promise<Parameters<typeof contentDigest>[1]> {
  const [row] = await db.query<{ name: string | null }>(
    `select to_regclass(format('%I.%I', schema, "table"))::text as name from freshet.published_table
      where pipeline = $1 and entity = $2 and schema = $3 and "table" = $4`,
    [pipeline, entity, target.schema, target.table],
  );
  return { pipeline, entity, typed: row?.name ?? null };
}

interface Copying {
  readonly shadow: Shadow;
  readonly entity: ShadowEntity;
  readonly landed: LandedKeys | undefined;
}

function publishCopy({ db, read }: OneTransaction, { shadow, entity, landed }: Copying, ctx: StageContext): Promise<PublishCounts> {
  const { input } = entity;
  const fence: Fence = { runId: shadow.runId, entity: input.entity, entityNumber: 0, token: '1', extractionId: null };
  const deps = { read, chunk: ONE_TRANSACTION_CHUNK, ...(landed === undefined ? {} : { landed }) };
  return publishWith(deps, { db, input, ctx, fence });
}

interface Telling extends Omit<Copying, 'landed'> {
  readonly counts: PublishCounts;
  readonly samples: number;
}

async function told(db: Database, { shadow, entity, counts, samples }: Telling): Promise<RehearsedEntity> {
  const { original, from } = entity;
  const [row] = await db.query<{ full_reason: string | null; columns: Target[] }>(
    `select l.full_reason, t.columns from freshet.publish_ledger l join freshet.published_table t on t.pipeline = $3 and t.entity = l.entity
      where l.run_id = $1 and l.entity = $2`,
    [shadow.runId, original.entity, shadow.name],
  );
  const mapped = new Set(original.compile(await rawColumns(db, original)).targets.map(({ name }) => name));
  const columns = row!.columns.filter(({ name }) => mapped.has(name));
  return {
    entity: original.entity,
    table: `${original.target.schema}.${original.target.table}`,
    exists: from !== null,
    full_reason: row!.full_reason,
    counts,
    ...(await differences(db, { entity, columns, samples })),
    unmapped: entity.columns.filter(({ name }) => !mapped.has(name)).map(({ name }) => name),
    refused: await refused(db, { shadow, entity, samples }),
    contested: await contested(db, { shadow, entity, samples }),
    held: counts.rejected > 0 && overBudget(original.budget, counts),
    triggers: await triggersOf(db, from),
  };
}

async function triggersOf(db: Database, table: string | null): Promise<string[]> {
  if (table === null) return [];
  const rows = await db.query<{ name: string }>(
    `select tgname as name from pg_catalog.pg_trigger
      where tgrelid = to_regclass($1) and not tgisinternal and tgname <> 'freshet_note_edit' and tgenabled <> 'D' order by 1`,
    [table],
  );
  return rows.map(({ name }) => name);
}
