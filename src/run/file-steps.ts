import type { Hash } from 'node:crypto';
import type { LoadPlan } from '../config/schema/load-plan';
import type { Database } from '../database/database';
import type { EntityEnd } from '../database/run-store';
import { counted } from '../domain/counted';
import { FreshetError } from '../domain/errors';
import type { SliceOutcome } from '../extract/extract-slice';
import type { FileReader } from '../extract/import-file';
import { importFiles, type ImportInput } from '../extract/import-files';
import { decodeRecord, isJsonObject } from '../json/decode';
import { recordKey } from '../json/record-key';
import { InputFolder } from '../landing/input-folder';
import type { LandingStore } from '../landing/landing-store';
import { definitionOf } from '../load/analyze/definition';
import { EntityAnalyzer } from '../load/analyze/entity-analyzer';
import { readRecordFile, type RecordQuestion } from '../load/input/record-file';
import type { LoadDefinition } from '../load/load-definition';
import { longestRecord } from '../load/load-room';
import type { StageContext } from '../observability/stage-context';
import { loadLimits } from './load-policy-of';
import { inferredDefinitions, type ExtractFacts, type RunConfig, type RunEntity } from './run-config';

export interface FileStepDeps {
  readonly db: Database;
  readonly landing: LandingStore;
}

export interface FileStep {
  readonly config: RunConfig;
  readonly load: LoadPlan;
  readonly entity: RunEntity;
  readonly facts: ExtractFacts;
}

/** What extraction is to a load: reads the entity's files into landing. Errors: `validation_error` code `no-key`. */
export async function importStep(deps: FileStepDeps, step: FileStep, ctx: StageContext): Promise<SliceOutcome> {
  const { config, load, entity, facts } = step;
  const reader = readerOf(load.root, { entity: entity.name, longest: longestRecord(loadLimits(config)) }, ctx);
  const files = load.entities[entity.name] ?? [];
  const unseen = config.unseen.has(entity.name);
  const definition = unseen ? await inferDefinition(deps.db, step, { reader, ctx }) : entity.definition;
  return importFiles(
    { ...deps, reader },
    {
      runId: facts.runId,
      sessionId: facts.sessionId,
      pipeline: config.pipeline.name,
      entity: entity.name,
      slice: config.settings.sync_pipeline.slice,
      files,
      lineItems: definition?.lineItems?.field ?? null,
      complete: completeOf(load, entity.name, definition),
    },
    ctx,
  );
}

function completeOf(load: LoadPlan, entity: string, definition: LoadDefinition | null): ImportInput['complete'] {
  const read = load.complete?.[entity];
  return read?.source_clock === undefined || definition === null
    ? null
    : { startedAt: read.started_at, sourceClock: read.source_clock, keyOf: (record) => keyOf(record, definition.key) };
}

function keyOf(bytes: Uint8Array, key: LoadDefinition['key']): string | null {
  const decoded = decodeRecord(bytes);
  if (!decoded.ok || !isJsonObject(decoded.value)) return null;
  return recordKey(decoded.value, key);
}

function readerOf(root: string, question: RecordQuestion, ctx: StageContext): FileReader {
  const folder = new InputFolder(root, (site) => ctx.fault(site));
  return {
    read: (key, digest) => {
      const content = folder.read(key);
      return readRecordFile(key, digest === undefined ? content : digested(content, digest), question).portions;
    },
  };
}

/** The digest is of the very bytes that become records: looked at apart, the file could be another one meanwhile. */
async function* digested(content: AsyncIterable<Uint8Array>, digest: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    digest.update(chunk);
    yield chunk;
  }
}

/** Records from which key, cursor and line items are inferred, where the names alone do not tell. */
const SAMPLE = 20_000;

interface Reading {
  readonly reader: FileReader;
  readonly ctx: StageContext;
}

/** Infers once what an entity of foreign files is; whoever comes first decides. `null` where no file has a record. */
async function inferDefinition(db: Database, step: FileStep, reading: Reading): Promise<LoadDefinition | null> {
  const { load, entity, config } = step;
  const analysis = await sample(load.entities[entity.name] ?? [], reading);
  if (analysis === null) return null;
  const [first, ...rest] = load.keys?.[entity.name] ?? [];
  const inferred = definitionOf(entity.name, analysis, first === undefined ? undefined : [first, ...rest]);
  if ('problem' in inferred) throw noKey(entity.name, inferred);
  await db.query(`update freshet.pipeline_entity set definition = $3 where pipeline = $1 and entity = $2 and definition is null`, [
    config.pipeline.name,
    entity.name,
    JSON.stringify(inferred.definition),
  ]);
  return (await inferredDefinitions(db, config.pipeline.name)).get(entity.name) ?? inferred.definition;
}

async function sample(files: LoadPlan['entities'][string], { reader, ctx }: Reading): Promise<ReturnType<EntityAnalyzer['result']> | null> {
  const analyzer = new EntityAnalyzer();
  let records = 0;
  for (const { key } of files) {
    try {
      for await (const portion of reader.read(key)) {
        ctx.signal.throwIfAborted();
        for (const { bytes } of portion) analyzer.add(bytes);
        records += portion.length;
        ctx.progress(`sample:${records}`);
        if (records >= SAMPLE) return analyzer.result();
      }
    } catch (error) {
      // The import tells what is wrong with this file; the others may still say what the entity is.
      if (!(error instanceof FreshetError)) throw error;
    }
  }
  return records === 0 ? null : analyzer.result();
}

function noKey(
  entity: string,
  { problem, candidates }: { readonly problem: string; readonly candidates: readonly { readonly field: string }[] },
): FreshetError {
  return new FreshetError('validation_error', {
    code: 'no-key',
    message: problem,
    why: 'A row is found again by its key; without one every load would add all records once more.',
    remedy: `Name the field, or several separated by commas: ./freshet load --key ${entity}=${candidates[0]?.field ?? '<field>'}. Nothing was loaded.`,
    facts: { candidates: candidates.map(({ field }) => field).join(', ') },
    retryable: false,
  });
}

interface BadFile {
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

/** The end of an entity whose run met files that are to blame themselves; `null` when there was none. */
export async function badFiles(db: Database, input: { readonly runId: string; readonly entity: string }): Promise<EntityEnd | null> {
  const files = await db.query<BadFile & { total: string }>(
    `select f.path, f.message, f.remedy, (select count(*) from freshet.load_file a where a.extraction_id = f.extraction_id) as total
       from freshet.load_file f join freshet.run_entity re on re.extraction_id = f.extraction_id
      where re.run_id = $1 and re.entity = $2 and f.state = 'bad' order by f.n`,
    [input.runId, input.entity],
  );
  const [first] = files;
  if (first === undefined) return null;
  const rest = files.length === 1 ? '' : ` (and ${files.length - 1} more)`;
  return {
    ...input,
    state: 'failed',
    error: {
      type: 'file_error',
      code: 'input-files-bad',
      message: `${files.length} of ${counted(Number(first.total), 'file')} not loaded: ${first.message}${rest}`,
      remedy: `${first.remedy} The other files are in; the report lists each bad one.`,
    },
  };
}
