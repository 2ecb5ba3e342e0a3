import { performance } from 'node:perf_hooks';
import type { Database } from '../../database/database';
import { isFreshetError } from '../../domain/errors';
import type { StageContext } from '../../observability/stage-context';
import type { SchemaPolicy } from '../load-policy';
import type { CustomColumn } from '../load-target';
import type { LoadDefinition } from '../load-definition';
import type { EntityAnalysis } from './entity-analysis';
import { profileOf } from './entity-analysis';
import { EntityAnalyzer } from './entity-analyzer';
import { definitionOf, type InferredDefinition, type NamedKey } from './definition';
import { entityDocument, type BadFile, type EntityDocument } from './analysis-document';
import { schemaDifference, type SchemaDifference } from './schema-difference';

/** A file of records, read when its turn comes. */
export interface AnalyzedFile {
  readonly name: string;
  portions(): AsyncIterable<readonly { readonly bytes: Buffer }[]>;
}

export interface AnalyzedEntity {
  readonly entity: string;
  readonly pipeline: string;
  /** Where its rows are or will be. */
  readonly schema: string;
  readonly table: string;
  /** `null`: nobody declared it, it is inferred from the records. */
  readonly definition: LoadDefinition | null;
  /** The key that a person named, for one that is inferred. */
  readonly key?: NamedKey;
  /** Columns of a person's own that settings ask for. Absent: none. */
  readonly custom?: readonly CustomColumn[];
  /** Absent: evolve. */
  readonly schemaPolicy?: SchemaPolicy;
  readonly files: readonly AnalyzedFile[];
}

export interface AnalyzeInput {
  readonly entities: readonly AnalyzedEntity[];
}

/** Everything that is known of the files before a single row is written. Plain JSON. */
export interface AnalysisDocument {
  readonly schema_changes_required: boolean;
  readonly total_records: number;
  readonly processing_time_seconds: number;
  readonly entities: readonly EntityDocument[];
}

/**
 * Reads files of any size once, and says what they hold and what the tables need for it. Writes nothing. A file that cannot be read is named with
 * what is wrong; the others go on. `db: null`: no database was set up yet, so every table is to be made. Errors: `database_error`, `cancelled`.
 */
export async function analyzeFiles(
  deps: { readonly db: Pick<Database, 'query'> | null },
  input: AnalyzeInput,
  ctx: StageContext,
): Promise<AnalysisDocument> {
  const started = performance.now();
  const entities: EntityDocument[] = [];
  for (const entity of input.entities) entities.push(await analyzeEntity(deps.db, entity, ctx));
  return {
    schema_changes_required: entities.some((entity) => entity.schema_changes_required),
    total_records: entities.reduce((sum, { records }) => sum + records, 0),
    processing_time_seconds: Math.round(performance.now() - started) / 1000,
    entities,
  };
}

async function analyzeEntity(db: Pick<Database, 'query'> | null, entity: AnalyzedEntity, ctx: StageContext): Promise<EntityDocument> {
  const { analysis, badFiles } = await readFiles(entity, ctx);
  const inferred = inferredFor(entity, analysis);
  const difference = 'definition' in inferred ? await differenceFor(db, { entity, analysis, definition: inferred.definition }) : null;
  const { pipeline, schemaPolicy = 'evolve' } = entity;
  const whose = { entity: entity.entity, pipeline, schemaPolicy };
  return entityDocument({ ...whose, files: entity.files.map(({ name }) => name), analysis, inferred, difference, badFiles });
}

/** Looks at all records of an entity's files; files that cannot be read are named. */
export async function readFiles(entity: AnalyzedEntity, ctx: StageContext): Promise<{ analysis: EntityAnalysis; badFiles: BadFile[] }> {
  const analyzer = new EntityAnalyzer();
  const badFiles: BadFile[] = [];
  for (const file of entity.files) {
    try {
      for await (const portion of file.portions()) {
        ctx.signal.throwIfAborted();
        for (const { bytes } of portion) analyzer.add(bytes);
      }
      ctx.progress(`analyze:${entity.entity}:${file.name}`);
    } catch (error) {
      if (!isFreshetError(error) || error.type !== 'file_error') throw error;
      badFiles.push({ file: file.name, code: error.code, message: error.message, remedy: error.remedy });
    }
  }
  return { analysis: analyzer.result(), badFiles };
}

/** What is declared, or else inferred. */
export function inferredFor({ entity, definition, key }: AnalyzedEntity, analysis: EntityAnalysis): InferredDefinition {
  return definition === null ? definitionOf(entity, analysis, key) : { definition, why: ['declared by its source, or by an earlier load'] };
}

function differenceFor(
  db: Pick<Database, 'query'> | null,
  { entity, analysis, definition }: { entity: AnalyzedEntity; analysis: EntityAnalysis; definition: LoadDefinition },
): Promise<SchemaDifference> {
  const { schema, table, pipeline, custom = [] } = entity;
  const target = { pipeline, entity: entity.entity, schema, table, definition, runId: '', custom };
  return schemaDifference(db, target, profileOf(analysis, definition.lineItems?.field ?? null));
}
