import type { Database } from '../database/database';
import { formatInstant } from '../domain/instant';
import { openRead, type Wanted } from '../extract/adoption';
import { ident } from '../database/identifier';
import type { Plan } from '../domain/plan';
import { doubtsOf, type Doubt } from '../extract/doubt';
import { listedBefore } from '../extract/doubt-facts';
import { dryDeletes, type DryDeletes } from '../extract/dry-deletes';
import { dryRead, type DryListed } from '../extract/dry-read';
import type { AskingScope, ExtractInput } from '../extract/extract-slice';
import { tableExists } from '../extract/held-rows';
import { acceptedFacts } from '../extract/doubt-accepted';
import { NextPages } from '../extract/next-pages';
import { plannedRead } from '../extract/open-extraction';
import { neverHeldStill } from '../extract/position';
import { readWatermarks } from '../extract/watermark';
import { DryLoad, type DryCounts } from '../load/dry-load';
import type { StageContext } from '../observability/stage-context';
import type { EntityDefinition, ReadKind, Survey } from '../sources/source';
import { openReadFacts } from './dry-open-read';
import { loadPolicyOf } from './load-policy-of';
import { DryTally } from './dry-tally';
import { extractInput, type RunConfig, type RunEntity } from './run-config';
import type { SourceClients } from './source-clients';

/** What a dry run works with; PostgreSQL refuses whatever would write through `db`. */
export interface DryDeps {
  readonly db: Database;
  /** `false`: freshet never worked on this database; it answers every question with no rows. */
  readonly setUp: boolean;
  readonly clients: SourceClients;
}

export interface DryWish {
  readonly config: RunConfig;
  readonly plan: Plan;
  readonly kind: string;
  readonly command: Readonly<Record<string, unknown>>;
}

/** What a run would do about one entity, and what came of the reads. Counts are `null` where only a run can know them. */
export interface DryEntity {
  readonly entity: string;
  readonly table: string;
  /** `continue`: a run would go on with a read that an earlier one left open. */
  readonly decision: 'read' | 'continue' | 'fresh' | 'skipped' | 'failed';
  /** Why it is read so, or not at all. */
  readonly reason: string;
  readonly error: { readonly type: string; readonly code: string; readonly message: string; readonly remedy: string } | null;
  readonly read: ReadKind | null;
  readonly from: string | null;
  /** Requests sent to the source. */
  readonly calls: number;
  readonly pages: number;
  readonly listed: number;
  /** Held in the very version that the list shows: no detail is fetched. */
  readonly known: number;
  /** Records that a run would ask for one by one. */
  readonly details: { readonly new: number; readonly changed: number } | null;
  readonly counts: DryCounts | null;
  readonly deletes: DryDeletes | null;
  readonly doubts: readonly Doubt[];
  /** What the tables would need first. */
  readonly table_changes: readonly string[];
}

export const NOT_READ = {
  error: null,
  read: null,
  from: null,
  pages: 0,
  listed: 0,
  known: 0,
  details: null,
  counts: null,
  deletes: null,
  doubts: [],
  table_changes: [],
} as const;

export interface DryFacts {
  readonly entity: RunEntity;
  readonly wish: DryWish;
  /** The ids that this dry run has listed, by entity: those of others are read by them. */
  readonly listed: Map<string, ReadonlySet<string>>;
}

/** Reads one entity as a run would. Errors: those of the source, of the settings, and what a load would end with. */
export async function dryEntity(deps: DryDeps, facts: DryFacts, ctx: StageContext): Promise<Omit<DryEntity, 'calls'>> {
  const { db } = deps;
  const { entity, listed } = facts;
  const { scope, ...counters } = await surveyed(deps, facts, ctx);
  const { definition } = scope.deps;
  const input = inputOf(facts, { ...entity, definition }, counters);
  const wanted = await plannedRead({ db, definition }, input, { ctx, ...idsOf(db, input, listed) });
  const told = { ...NOT_READ, entity: entity.name, table: `${entity.target.schema}.${entity.target.table}` };
  const plan = { read: wanted.plan.read, from: wanted.plan.from, reason: wanted.plan.reason };
  const left = await openRead(db, input, wanted);
  const open = left === undefined ? null : await openReadFacts(db, left.id);
  if (open !== null && !open.listsAgain) return { ...told, ...plan, decision: 'continue', reason: open.words };
  const watermarks = await readWatermarks(db, input);
  const load = await dryLoad(deps, facts, { definition, wanted });
  const tally = new DryTally(db, { definition, target: entity.target, load, now: nowOf(ctx) });
  const read = await dryRead({ ...scope, input, watermarks, nextPages: new NextPages(scope.deps.client, scope.deps) }, wanted, (page) =>
    tally.take(page),
  );
  listed.set(entity.name, read.listed);
  return {
    ...told,
    ...plan,
    decision: 'read',
    reason: [plan.reason, ...(open === null ? [] : [open.words])].filter((words) => words !== '').join('; '),
    pages: read.pages,
    listed: read.listed.size + (definition.deletes.kind === 'tombstones' ? read.deleted.size : 0),
    ...tally.told(),
    deletes: wanted.tableGone ? null : await deletes(db, { facts, input, definition }, read, nowOf(ctx)),
    doubts: await doubts(db, input, read),
    table_changes: load.changes(),
  };
}

const nowOf = (ctx: StageContext): string => formatInstant(BigInt(ctx.now().getTime()) * 1000n);

type Counters = Pick<Survey, 'counter' | 'counterAtMost'>;

interface Surveyed extends Counters {
  readonly scope: Omit<AskingScope, 'input' | 'watermarks' | 'nextPages'>;
}

/** The entity as the server at hand describes it, where that differs from server to server. */
async function surveyed({ clients }: DryDeps, { entity, wish }: DryFacts, ctx: StageContext): Promise<Surveyed> {
  const { config } = wish;
  const client = clients.of(config);
  const zone = config.definition.zone;
  if (client.survey === undefined)
    return { scope: { deps: { client, definition: entity.definition, zone }, ctx }, counter: null, counterAtMost: null };
  const found = await client.survey({ entity: entity.object }, ctx);
  const incremental = found.definition.incremental && entity.settings.incremental?.enabled !== false;
  const definition = { ...entity.definition, ...found.definition, incremental };
  const { counter, counterAtMost } = found;
  return { scope: { deps: { client, definition, zone }, ctx }, counter, counterAtMost };
}

function inputOf({ wish: { config, command } }: DryFacts, entity: RunEntity, counters: Counters): ExtractInput {
  return extractInput(config, entity, {
    runId: DRY,
    sessionId: DRY,
    full: command['full'] === true,
    approveDeletes: command['approve_deletes'] === true,
    ...(typeof command['limit'] === 'number' ? { limit: command['limit'] } : {}),
    ...counters,
  });
}

/** No run has this id. */
const DRY = 'dry-run';

/** Parts that this dry run listed itself count: a run would have loaded them. */
function idsOf(db: Database, { parts }: ExtractInput, listed: DryFacts['listed']): { idsOf?: () => Promise<string[]> } {
  const own = parts === undefined ? undefined : listed.get(parts.entity);
  if (parts === undefined || own === undefined || own.size === 0) return {};
  return {
    idsOf: async () => {
      const held = await heldIds(db, parts);
      return [...new Set([...held, ...own])].sort();
    },
  };
}

async function heldIds(db: Database, parts: { readonly schema: string; readonly table: string }): Promise<string[]> {
  if (!(await tableExists(db, parts))) return [];
  const rows = await db.query<{ id: string }>(`select id from ${ident(parts.schema, parts.table)} where deleted_at is null`);
  return rows.map(({ id }) => id);
}

interface Planned {
  readonly definition: EntityDefinition;
  readonly wanted: Wanted;
}

async function dryLoad({ db, setUp }: DryDeps, { entity, wish }: DryFacts, { definition, wanted }: Planned): Promise<DryLoad> {
  const { config, command } = wish;
  const [kept] = await db.query<{ epoch: number }>(`select epoch from freshet.pipeline_entity where pipeline = $1 and entity = $2`, [
    config.pipeline.name,
    entity.name,
  ]);
  return new DryLoad(db, {
    ...entity.target,
    pipeline: config.pipeline.name,
    entity: entity.name,
    definition,
    runId: DRY,
    zone: config.definition.zone,
    policy: loadPolicyOf(entity, { command, load: config.settings.load }),
    epoch: (kept?.epoch ?? 0) + (wanted.plan.newEpoch ? 1 : 0),
    setUp,
  });
}

interface Asked {
  readonly facts: DryFacts;
  readonly input: ExtractInput;
  readonly definition: EntityDefinition;
}

function deletes(db: Database, { facts, input, definition }: Asked, read: DryListed, now: string): Promise<DryDeletes> {
  const { sweep, pipeline, entity } = input;
  return dryDeletes(db, { ...facts.entity.target, pipeline, entity, definition, ...(sweep === undefined ? {} : { sweep }) }, read, now);
}

/** Those that need no further question to the source. */
async function doubts(db: Database, input: ExtractInput, { extraction, listed }: DryListed): Promise<Doubt[]> {
  const [owner] = await db.query<{ live: string }>(`select live from freshet.table_owner where schema = $1 and "table" = $2`, [
    input.target.schema,
    input.target.table,
  ]);
  return doubtsOf({
    read: extraction.read,
    listed: listed.size,
    liveBefore: Number(owner?.live ?? 0),
    carriers: [],
    leftOut: [],
    neverHeldStill: neverHeldStill(extraction.position),
    becameText: [],
    samePageTwice: extraction.position.samePage,
    history: await listedBefore(db, input, extraction.read),
    accepted: await acceptedFacts(db, { pipeline: input.pipeline, entity: input.entity, read: extraction.read }),
  });
}
