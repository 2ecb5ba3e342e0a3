import type { LoadedSettings } from '../config/load-settings';
import { closest } from '../config/closest';
import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { lineTable } from '../load/load-target';
import { claimRequest } from './claim-request';
import { FILES, FOREIGN_PIPELINE } from './file-source';
import type { OwnedInput } from './load-input';
import { inferredDefinitions, rawTable, runEntity, sourceOf, type Sources } from './run-config';

/** Keys that a person named by `--key`, and what they come to. */
export interface KeyChoice {
  readonly named: ReadonlyMap<string, readonly string[]>;
  /** Entities with another key so far, but without a table: the named one holds from now on. */
  readonly released: readonly string[];
  /** One sentence each. */
  readonly notices: readonly string[];
}

export const NO_KEYS: KeyChoice = { named: new Map(), released: [], notices: [] };

interface Deps {
  /** `null`: no database was set up yet. */
  readonly db: Pick<Database, 'query'> | null;
  readonly loaded: LoadedSettings;
  readonly sources: Sources;
}

/**
 * What named keys mean for the entities of an input. Writes nothing. Errors: `config_error` code `key-held` where an entity has another key,
 * `key-flag` for an entity that is not among the files.
 */
export async function chooseKeys(
  { db, loaded, sources }: Deps,
  owned: Pick<OwnedInput, 'choice' | 'pipelineOf'>,
  named: ReadonlyMap<string, readonly string[]>,
): Promise<KeyChoice> {
  const inferred = db === null || named.size === 0 ? new Map<string, never>() : await inferredDefinitions(db as Database, FOREIGN_PIPELINE);
  const [released, notices]: [string[], string[]] = [[], []];
  for (const [entity, fields] of named) {
    for (const pipeline of pipelinesOf(owned, entity)) {
      const foreign = pipeline === FOREIGN_PIPELINE;
      const key = foreign ? inferred.get(entity)?.key : declaredKey({ loaded, sources }, pipeline, entity);
      if (key === undefined) continue;
      if (sameFields(key, fields)) notices.push(`--key: the key of ${entity} is ${key.join(', ')} already`);
      else if (!foreign) throw declared({ entity, pipeline, key });
      else if (db !== null && (await hasTable(db, entity))) throw inUse({ entity, key, fields });
      else released.push(entity);
    }
  }
  return { named, released, notices };
}

/** Forgets what was inferred of entities that have no table, so that this load infers it anew, with the named key. */
export async function releaseKeys(db: Pick<Database, 'query'>, { released }: KeyChoice): Promise<void> {
  if (released.length === 0) return;
  await db.query(`update freshet.pipeline_entity set definition = null where pipeline = $1 and entity = any ($2)`, [
    FOREIGN_PIPELINE,
    released,
  ]);
}

function pipelinesOf({ choice, pipelineOf }: Pick<OwnedInput, 'choice' | 'pipelineOf'>, entity: string): Set<string> {
  const files = choice.entities.get(entity);
  if (files !== undefined) return new Set(files.map((file) => pipelineOf(file) ?? FOREIGN_PIPELINE));
  const known = [...choice.entities.keys()];
  const meant = closest(entity, known);
  throw new FreshetError('config_error', {
    code: 'key-flag',
    message: `--key names ${entity}, and none of the files is of that entity`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}The files are of ${known.join(', ')}. Nothing was loaded.`,
  });
}

function declaredKey(deps: Pick<Deps, 'loaded' | 'sources'>, pipeline: string, entity: string): readonly string[] {
  const { resolved } = claimRequest(deps.loaded, deps.sources, { pipeline, kind: 'load', actor: '' });
  return runEntity({ ...resolved, definition: sourceOf(deps.sources, resolved.source.type) }, entity).definition.key;
}

const sameFields = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((field, at) => field === b[at]);

async function hasTable(db: Pick<Database, 'query'>, entity: string): Promise<boolean> {
  const { schema, table } = rawTable(FILES.key, entity);
  return (await db.query(`select from pg_catalog.pg_tables where schemaname = $1 and tablename = $2`, [schema, table])).length > 0;
}

function declared({ entity, pipeline, key }: { entity: string; pipeline: string; key: readonly string[] }): FreshetError {
  return new FreshetError('config_error', {
    code: 'key-held',
    message: `The key of ${entity} is ${key.join(', ')}, as the source of pipeline ${pipeline} says; --key cannot change it`,
    remedy: `Name no key for ${entity}. Nothing was loaded.`,
  });
}

function inUse({ entity, key, fields }: { entity: string; key: readonly string[]; fields: readonly string[] }): FreshetError {
  const { schema, table } = rawTable(FILES.key, entity);
  return new FreshetError('config_error', {
    code: 'key-held',
    message: `The rows of ${schema}.${table} are told apart by ${key.join(', ')}; --key ${entity}=${fields.join(',')} would be another key`,
    why: 'The key of a table stays as its first load chose it: by another one, records would not find their rows.',
    remedy: `Name no other key. Or rename ${table} and ${lineTable(table)} (if there is one) in PostgreSQL and give the same command again: the table is made anew with that key, from the files that you load. Nothing was loaded.`,
    where: `${schema}.${table}`,
  });
}
