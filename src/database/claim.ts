import { randomBytes } from 'node:crypto';
import { FreshetError } from '../domain/errors';
import { runId as makeRunId, type RunKind } from '../domain/ids';
import type { Lane } from '../domain/lane';
import type { Plan } from '../domain/plan';
import type { StageContext } from '../observability/stage-context';
import type { Database, Tx } from './database';
import { sqlstate } from './database-error';

/** Everything a run begins with; nothing of it changes afterwards. */
export interface ClaimRequest {
  /** The same key claims the same run, however often it is sent. */
  readonly requestKey: string;
  readonly pipeline: string;
  readonly lane: Lane;
  readonly kind: RunKind;
  readonly environment: string;
  readonly config: { readonly digest: string; readonly body: string };
  readonly plan: Plan;
  /** Whose records are read; a table keeps those of one account. */
  readonly account: string;
  /** Schema and table of each entity's raw table. */
  readonly targets: ReadonlyMap<string, { readonly schema: string; readonly table: string }>;
  /** What was asked for: flags such as full, entities. */
  readonly command: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly retryOf?: string;
  readonly scheduledFor?: string;
}

export type Claim =
  { readonly kind: 'claimed' | 'repeated'; readonly runId: string } | { readonly kind: 'taken'; readonly activeRunId: string };

const CLASHES = 5;

/**
 * Begins a run in PostgreSQL (contracts §1): one transaction, state `starting`. `taken` names the run that has the lane.
 * Errors: `config_error` when a raw table belongs to another entity.
 */
export async function claimRun(db: Database, request: ClaimRequest, ctx: StageContext): Promise<Claim> {
  for (let round = 1; ; round++) {
    try {
      return await db.transaction({ site: 'claim', ctx, repeatable: true }, (tx) => claimIn(tx, request));
    } catch (error) {
      if (sqlstate(error) !== '23505') throw error;
      const settled = await settle(db, request);
      if (settled) return settled;
      if (round === CLASHES) throw error;
    }
  }
}

/** The same within a transaction of the caller's, which a clash of keys (SQLSTATE 23505: the lane is taken) ends. */
export async function claimIn(tx: Tx, request: ClaimRequest): Promise<Claim> {
  const [same] = await tx.query<{ id: string }>(`select id from freshet.run where request_key = $1`, [request.requestKey]);
  if (same) return { kind: 'repeated', runId: same.id };
  await tx.query(`insert into freshet.config (digest, body) values ($1, $2) on conflict do nothing`, [
    request.config.digest,
    request.config.body,
  ]);
  const [clock] = await tx.query<{ now: string }>(`select to_char(clock_timestamp() at time zone 'utc', 'YYYYMMDDHH24MISS') as now`);
  const id = makeRunId(clock?.now ?? '', request.kind, randomBytes(4).toString('hex'));
  await tx.query(
    `insert into freshet.run (id, request_key, pipeline, lane, kind, retry_of, scheduled_for, environment, config_digest, command, actor, state, stats)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'starting', $12)`,
    [
      id,
      request.requestKey,
      request.pipeline,
      request.lane,
      request.kind,
      request.retryOf ?? null,
      request.scheduledFor ?? null,
      request.environment,
      request.config.digest,
      JSON.stringify(request.command),
      request.actor,
      JSON.stringify({ plan: request.plan }),
    ],
  );
  for (const node of request.plan) await registerEntity(tx, request, { id, entity: node.entity });
  return { kind: 'claimed', runId: id };
}

async function registerEntity(tx: Tx, request: ClaimRequest, { id, entity }: { id: string; entity: string }): Promise<void> {
  const target = request.targets.get(entity);
  if (!target) throw new RangeError(`the claim names no table for ${entity}`);
  await tx.query(
    `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table) values ($1, $2, $3, $4)
     on conflict (pipeline, entity) do update set raw_schema = excluded.raw_schema, raw_table = excluded.raw_table`,
    [request.pipeline, entity, target.schema, target.table],
  );
  await tx.query(
    `insert into freshet.table_owner (schema, "table", pipeline, entity) values ($1, $2, $3, $4) on conflict (schema, "table") do nothing`,
    [target.schema, target.table, request.pipeline, entity],
  );
  const [owner] = await tx.query<Owner>(
    `select pipeline, entity, account, exists (select from pg_catalog.pg_tables where schemaname = schema and tablename = "table") as made
       from freshet.table_owner where schema = $1 and "table" = $2`,
    [target.schema, target.table],
  );
  if (owner?.pipeline !== request.pipeline || owner.entity !== entity) throw tableTaken(target, owner);
  if (owner.made && owner.account !== null && owner.account !== request.account) throw otherAccount(target, owner.account, request.account);
  await tx.query(
    `update freshet.table_owner set account = $3, live = case when $4 then live else 0 end, lines = case when $4 then lines else 0 end
      where schema = $1 and "table" = $2`,
    [target.schema, target.table, request.account, owner.made],
  );
  await tx.query(`insert into freshet.run_entity (run_id, entity) values ($1, $2)`, [id, entity]);
}

/** After a clash of keys: the same request got through elsewhere, or the lane is taken; otherwise the id clashed and another is drawn. */
async function settle(db: Database, request: ClaimRequest): Promise<Claim | null> {
  const [same] = await db.query<{ id: string }>(`select id from freshet.run where request_key = $1`, [request.requestKey]);
  if (same) return { kind: 'repeated', runId: same.id };
  const [active] = await db.query<{ id: string }>(
    `select id from freshet.run where pipeline = $1 and lane = $2 and parent_run_id is null and state in ('starting', 'running', 'paused')`,
    [request.pipeline, request.lane],
  );
  return active ? { kind: 'taken', activeRunId: active.id } : null;
}

interface Owner {
  readonly pipeline: string;
  readonly entity: string;
  readonly account: string | null;
  /** The table is there; one that was dropped begins anew, with counters at zero. */
  readonly made: boolean;
}

function otherAccount(target: { schema: string; table: string }, held: string, asked: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'table-of-another-account',
    message: `Table ${target.schema}.${target.table} holds records of ${held}; this run would read ${asked}`,
    why: 'Rows of two accounts in one table could not be told apart, and the watermark of one says nothing about the other.',
    remedy: `Give the new account a source key of its own in config/sources.yaml, or, if its rows are not needed, say drop schema "${target.schema}" cascade in PostgreSQL and run again.`,
    where: `${target.schema}.${target.table}`,
  });
}

function tableTaken(target: { schema: string; table: string }, owner: Owner | undefined): FreshetError {
  return new FreshetError('config_error', {
    code: 'table-taken',
    message: `Table ${target.schema}.${target.table} belongs to ${owner?.pipeline ?? '?'} ${owner?.entity ?? '?'}`,
    why: 'Two entities that write the same table would undo each other’s rows.',
    remedy: 'Give one of the pipelines another source key, or the entity another name.',
  });
}
