import type { PublishCounts } from '../../domain/publish-ledger';
import type { Published } from '../../report/published-facts';
import type { RunFacts } from '../../report/run-facts';
import { liveView } from '../live/live-view';
import { limitValues, loadFiles } from '../commands/load';
import { projectOf, type FreshetOptions } from './options';
import { asResult, type StepResult } from './result';

export interface InputOptions extends FreshetOptions {
  /** Folder with the files; default: load.path, else landing. */
  readonly dir?: string;
  /** Exactly these sessions. */
  readonly sessions?: readonly string[];
  readonly entities?: readonly string[];
  readonly input?: 'auto' | 'sessions' | 'consolidated' | 'directory';
  /** Sessions of so many days, instead of those of load.session_max_age. */
  readonly cutoffDays?: number;
  /** Fields that tell the records of an entity apart, where nothing else does: `{ readings: ['sensor', 'at'] }`. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
}

export interface LoadOptions extends InputOptions {
  /** Only new records become rows; held rows stay as they are. */
  readonly skipExisting?: boolean;
  /** Tables are neither made nor changed; where one would have to be, its entity fails. */
  readonly skipTableCreation?: boolean;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes?: boolean;
  /** Records that become rows at once, instead of load.batch_size. */
  readonly batchSize?: number;
  /** What the load may hold in memory, such as `256MiB`, instead of load.memory_limit. */
  readonly memoryLimit?: string;
  /** Through Temporal and its worker instead of in this process. */
  readonly durable?: boolean;
}

export interface LoadResult extends StepResult {
  readonly runs: readonly LoadedRun[];
}

export interface LoadedRun {
  readonly run_id: string;
  readonly pipeline: string;
  readonly state: string;
  readonly report_path: string | null;
  readonly entities: readonly LoadedEntity[];
}

export interface LoadedEntity {
  readonly entity: string;
  readonly table: string;
  readonly state: string;
  /** Why it did not complete, and what to do; `null`: it did. */
  readonly error: string | null;
  readonly error_code: string | null;
  readonly remedy: string | null;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly skipped: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Rows and line items afterwards. */
  readonly rows: number;
  readonly lines: number;
  /** What became of it in its typed table; `null` where none is made of it. */
  readonly published: PublishedCounts | null;
}

/** They add up: changed + retried = created + updated + restored + deleted + unchanged + skipped + conflict + pending + rejected. */
export interface PublishedCounts extends PublishCounts {
  /** `schema.table` */
  readonly table: string;
  /** Why every row was looked at; `null`: only what had changed. */
  readonly full_reason: string | null;
}

/** Loads JSON files into tables, as `freshet load` does: in this process, or through Temporal. */
export function load(options: LoadOptions = {}): Promise<LoadResult> {
  return asResult({ runs: [] }, async () => {
    const { batchSize, memoryLimit } = options;
    const limits = {
      ...(batchSize === undefined ? {} : { batchSize: String(batchSize) }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    };
    const project = projectOf(options, limitValues(limits));
    const view = liveView({ out: { json: true }, stream: { write: () => true }, env: {}, verbose: false });
    const watch = { view, told: false, logging: () => project };
    const { error, facts } = await loadFiles({ project, watch, note: () => undefined }, flagsOf(options));
    const runs = facts.map(runOf);
    const entities = runs.flatMap((run) => run.entities);
    return {
      ...(error === undefined ? {} : { error }),
      records: facts.flatMap((run) => run.entities).reduce((sum, { ledger }) => sum + ledger.fetched, 0),
      tables: entities.map(({ table, rows }) => ({ name: table, record_count: rows })),
      more: { runs },
    };
  });
}

/** The options as the command line says them. */
export function inputFlags({ dir, sessions, entities, input, cutoffDays, keys = {} }: InputOptions) {
  return {
    ...(dir === undefined ? {} : { dir }),
    ...(sessions === undefined ? {} : { session: sessions }),
    ...(entities === undefined ? {} : { entity: entities }),
    ...(input === undefined ? {} : { input }),
    ...(cutoffDays === undefined ? {} : { cutoffDays: String(cutoffDays) }),
    key: Object.entries(keys).map(([entity, fields]) => `${entity}=${[fields].flat().join(',')}`),
  };
}

function flagsOf(options: LoadOptions) {
  const { skipExisting = false, skipTableCreation = false, approveDeletes = false, durable = false } = options;
  return { ...inputFlags(options), skipExisting, skipTableCreation, approveDeletes, local: !durable };
}

function publishedOf(published: Published | null): PublishedCounts | null {
  if (published === null) return null;
  const { warned: _, completed_at: __, ...counts } = published;
  return counts;
}

function runOf({ run, entities }: RunFacts): LoadedRun {
  return {
    run_id: run.id,
    pipeline: run.pipeline,
    state: run.state,
    report_path: run.report_path,
    entities: entities.map(({ entity, table, state, ledger, published, error_message: error, error_code, error_remedy: remedy }) => {
      const { inserted, updated, revived, unchanged, stale, skipped, duplicate, rejected } = ledger;
      const counts = { inserted, updated: updated + revived, unchanged, stale, skipped, duplicate, rejected };
      const after = { rows: ledger.live_after, lines: ledger.lines_after };
      return { entity, table, state, error, error_code, remedy, ...counts, ...after, published: publishedOf(published) };
    }),
  };
}
