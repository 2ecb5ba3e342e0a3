import { randomBytes } from 'node:crypto';
import type { LoadedSettings } from '../config/load-settings';
import { durationSchema } from '../config/schema/units';
import type { ClaimRequest } from '../database/claim';
import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { keepRehearsal } from '../database/rehearsal-store';
import { planOrder } from '../domain/plan';
import type { LandingStore } from '../landing/landing-store';
import type { StageContext } from '../observability/stage-context';
import type { PublishInput } from '../publish/publish-input';
import { digestOf } from '../publish/rehearsal/content-digest';
import { rehearse, type RehearsedEntity } from '../publish/rehearsal/rehearse';
import { claimRequest } from './claim-request';
import { landedKeys } from './landed-keys';
import { publishInput } from './publish-step';
import { badSince, nothingLanded, publishesNothing, type Told } from './rehearsal-errors';
import { runEntity, sourceOf, type Sources } from './run-config';

export interface RehearsalWish {
  /** Name of a pipeline, or the path of its file. */
  readonly pipeline: string;
  /** Absent: all that publish. */
  readonly entities?: readonly string[];
  readonly actor: string;
}

/** A pipeline file as publish understands it. */
export interface Rehearsable {
  readonly told: Told;
  readonly request: ClaimRequest;
  /** What publishes, parents before children. */
  readonly entities: readonly string[];
  readonly inputOf: (entity: string, runId: string) => PublishInput;
}

/** Touches no database. Errors: `config_error`: of the file, and `rehearse-no-publish`. */
export function rehearsable(loaded: LoadedSettings, sources: Sources, { pipeline: named, entities, actor }: RehearsalWish): Rehearsable {
  const all = claimRequest(loaded, sources, { pipeline: named, kind: 'replay', actor });
  const { pipeline, source } = all.resolved;
  const config = { pipeline, source, definition: sourceOf(sources, source.type) };
  const publishing = planOrder(all.request.plan).flatMap(({ entity }) =>
    runEntity(config, entity).settings.publish === undefined ? [] : [entity],
  );
  const without = entities?.find((name) => runEntity(config, name) !== undefined && !publishing.includes(name));
  if (without !== undefined || publishing.length === 0) throw publishesNothing(pipeline.name, without ?? null, publishing);
  const chosen = publishing.filter((name) =>
    entities === undefined ? pipeline.entities[name]?.enabled === true : entities.includes(name),
  );
  if (chosen.length === 0) throw publishesNothing(pipeline.name, null, publishing);
  return {
    told: { pipeline: pipeline.name, named },
    request: claimRequest(loaded, sources, { pipeline: named, entities: chosen, kind: 'replay', actor }).request,
    entities: chosen,
    inputOf: (entity, runId) => publishInput(config, runEntity(config, entity), { runId, full: false }),
  };
}

export interface RehearsalDeps {
  readonly db: Database;
  readonly landing: Pick<LandingStore, 'read'>;
}

export interface RehearsalInput {
  readonly rehearsable: Rehearsable;
  /** The entities were named: each of them must have records. */
  readonly named: boolean;
  /** `90d`; absent: every record. */
  readonly since?: string;
  readonly samples: number;
  readonly actor: string;
}

/** Plain JSON: what was rehearsed. */
export interface Rehearsal {
  readonly pipeline: string;
  /** By which it is accepted. */
  readonly digest: string;
  readonly since: string | null;
  readonly since_at: string | null;
  readonly entities: readonly RehearsedEntity[];
  /** Entities of which nothing is landed yet. */
  readonly not_landed: readonly string[];
}

/** Shows what the next publish of a pipeline would do, asks no source, and writes nothing but that it was rehearsed. Errors: `rehearse-…`, and those of a publish. */
export async function rehearsePipeline({ db, landing }: RehearsalDeps, input: RehearsalInput, ctx: StageContext): Promise<Rehearsal> {
  const { request, inputOf } = input.rehearsable;
  const since = input.since ?? null;
  const sinceAt = since === null ? null : new Date(ctx.now().getTime() - spanOf(since)).toISOString();
  const inputs = input.rehearsable.entities.map((entity) => narrowed(inputOf(entity, ''), sinceAt));
  const missing: string[] = [];
  for (const each of inputs) if (!(await isLanded(db, each))) missing.push(each.entity);
  if (missing.length === inputs.length || (input.named && missing.length > 0)) throw nothingLanded(input.rehearsable.told, missing);
  const entities = inputs.filter(({ entity }) => !missing.includes(entity));
  const id = randomBytes(4).toString('hex');
  const { entities: found, parts } = await rehearse({ db, landed: landedKeys(landing) }, { entities, id, samples: input.samples }, ctx);
  const digest = digestOf({ pipeline: request.pipeline, environment: request.environment, since: sinceAt, parts });
  await keepRehearsal(db, {
    ...{ environment: request.environment, pipeline: request.pipeline, entities: entities.map(({ entity }) => entity) },
    ...{ since, since_at: sinceAt, digest, parts, actor: input.actor },
    held: found.flatMap(({ entity, held }) => (held ? [entity] : [])),
  });
  return { pipeline: request.pipeline, digest, since, since_at: sinceAt, entities: found, not_landed: missing };
}

export function narrowed(input: PublishInput, sinceAt: string | null): PublishInput {
  return sinceAt === null ? input : { ...input, since: sinceAt };
}

function spanOf(text: string): number {
  const parsed = durationSchema().safeParse(text);
  if (!parsed.success || parsed.data === 0 || parsed.data > LONGEST_MS) throw badSince(text);
  return parsed.data;
}

/** A hundred years. */
const LONGEST_MS = 36_525 * 86_400_000;

/** Whether its raw table is there, and ever got a record. */
async function isLanded(db: Database, { pipeline, entity, raw }: PublishInput): Promise<boolean> {
  const [row] = await db.query<{ landed: boolean }>(
    `select o.last_batch_no > 0 and to_regclass($3) is not null as landed from freshet.table_owner o
       join freshet.pipeline_entity e on e.pipeline = $1 and e.entity = $2
      where o.pipeline = $1 and o.entity = $2 and o.schema = $4 and o."table" = $5`,
    [pipeline, entity, ident(raw.schema, raw.table), raw.schema, raw.table],
  );
  return row?.landed === true;
}
