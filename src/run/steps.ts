import { beginAttempt } from '../database/attempt';
import type { Database } from '../database/database';
import { recount } from '../database/recount';
import { activeSchedule } from '../database/schedule-store';
import { noteRunWait } from '../database/run-wait';
import { endEntity, endRun, markRunning, readEntities, readRun, type EntityEnd, type RunRow } from '../database/run-store';
import { isFinalEntity, runOutcome, type EntityState, type RunState } from '../domain/run';
import { HELD_FOR_LOAD } from '../extract/adoption';
import { closeExtraction } from '../extract/close-extraction';
import { extractSlice, type ExtractDeps } from '../extract/extract-slice';
import { undoDeletes } from '../extract/undo-deletes';
import { takeSession } from '../landing/session';
import { lineTable } from '../load/load-target';
import { loadBatch } from '../load/load-batch';
import { ensureRawTable } from '../load/ensure-raw-table';
import type { StageContext } from '../observability/stage-context';
import { writeReport } from '../report/write-report';
import { verifyEntity } from '../verify/verify-entity';
import { comparisonOf } from './compared-entities';
import { badFiles, importStep } from './file-steps';
import { isFiles } from './file-source';
import { isFresh } from '../domain/fresh';
import { cancelRequested, reconcileFailure } from './entity-faults';
import { mayBeFresh, skipFresh } from './fresh';
import { heldEnd } from './held-end';
import { heldOrWait, type StepOutcome } from './held-wait';
import { loadLimits, loadPolicyOf } from './load-policy-of';
import { partsWait } from './parts-wait';
import { surveyEntity } from './survey';
import { beginVerifying, publishable, publishStep, type PublishedStep, type PublishStepDeps } from './publish-step';
import { undoneRun } from './undo-request';
import { replayStep } from './replay-step';
import { extractInput, readRunConfig, runEntity, type ExtractFacts, type RunConfig, type RunEntity, type Sources } from './run-config';
import type { SourceClients } from './source-clients';

export interface StepDeps extends PublishStepDeps {
  readonly sources: Sources;
  readonly clients: SourceClients;
  readonly reportsFolder: string;
  /** Threads that parse a great batch; default: none. */
  readonly loadThreads?: number;
}

export interface EntityStep {
  readonly runId: string;
  readonly entity: string;
}

export interface PreparedEntity {
  readonly entity: string;
  readonly state: EntityState;
}

export interface PreparedRun {
  readonly state: RunState;
  readonly cancelRequested: boolean;
  readonly entities: readonly PreparedEntity[];
}

/** What a run is made of: each step may be repeated at any time, finds out what is left, and answers with ids and counts only. */
export class Steps {
  private readonly configs = new Map<string, Promise<RunConfig>>();

  constructor(private readonly deps: StepDeps) {}

  /** `starting → running`, takes the landing session, tells what is left to do: a fresh entity counts as done for those that depend on it. */
  async prepareRun(input: { readonly runId: string }, ctx: StageContext): Promise<PreparedRun> {
    const { db, landing } = this.deps;
    const run = await readRun(db, input.runId);
    if (run.cancel_requested_at === null) {
      await markRunning(db, input.runId);
      await ctx.fault('run.after-running');
      if (run.session_id === null) await takeSession({ db, landing }, input.runId);
      if (mayBeFresh(run)) await skipFresh(db, { run, pipeline: (await this.config(run.config_digest)).pipeline }, ctx);
    }
    const [state, entities] = [(await readRun(db, input.runId)).state, await readEntities(db, input.runId)];
    return {
      state,
      cancelRequested: run.cancel_requested_at !== null,
      entities: entities.map(({ entity, state: at, skipped_reason: why }) => ({ entity, state: isFresh(why) ? 'completed' : at })),
    };
  }

  /** A wait that would outlast the pipeline's next nominal time is `held`: that run goes on where this one stops (contracts §1). */
  async extract(input: EntityStep, ctx: StageContext): Promise<StepOutcome> {
    const { config, entity, facts, kind } = await this.surveyed(input, ctx);
    if (kind === 'replay') return replayStep(this.deps, { config, entity, facts }, ctx);
    if (config.load !== undefined) return importStep(this.deps, { config, load: config.load, entity, facts }, ctx);
    const asked = extractInput(config, entity, facts);
    const ahead = await partsWait(this.deps.db, asked, ctx.now());
    if (ahead !== null) return ahead;
    const outcome = await extractSlice(this.extractDeps(config, entity), asked, ctx);
    // Beside what follows, so that a report of the run counts them.
    void this.deps.clients.tell();
    await ctx.fault('extract.slice-end');
    if (outcome.outcome === 'done' && !config.settings.stages.load && facts.compare?.fix !== false)
      return { outcome: 'held', reason: LOAD_OFF };
    if (outcome.outcome !== 'wait') return outcome;
    const { environment } = await readRun(this.deps.db, input.runId);
    const schedule = await activeSchedule(this.deps.db, { environment, pipeline: config.pipeline.name });
    return schedule === null ? outcome : heldOrWait(outcome, schedule, ctx.now());
  }

  /** Loads every published batch of the entity's extraction, oldest first. */
  async load(input: EntityStep, ctx: StageContext): Promise<{ readonly batches: number; readonly records: number }> {
    const { config, entity, facts, command } = await this.open(input);
    if (!config.settings.stages.load) return { batches: 0, records: 0 };
    const { db, landing, loadThreads: threads = 0 } = this.deps;
    const attempt = await beginAttempt(db, { ...input, pipeline: config.pipeline.name }, ctx);
    await db.query(`update freshet.run_entity set state = 'loading' where run_id = $1 and entity = $2 and state = 'extracting'`, [
      input.runId,
      input.entity,
    ]);
    const batches = await db.query<{ key: string; extraction_id: string; records: string }>(
      `select b.key, b.extraction_id, b.records from freshet.batch b join freshet.run_entity re on re.extraction_id = b.extraction_id
        where re.run_id = $1 and re.entity = $2 and b.state = 'published' order by b.n`,
      [input.runId, input.entity],
    );
    for (const batch of batches) {
      await loadBatch(
        { db, landing, threads, limits: loadLimits(config) },
        {
          fence: { ...attempt.fence, extractionId: batch.extraction_id },
          extractionId: batch.extraction_id,
          batchKey: batch.key,
          runId: input.runId,
          pipeline: config.pipeline.name,
          entity: entity.name,
          ...entity.target,
          definition: entity.definition,
          zone: config.definition.zone,
          session: facts.sessionId,
          policy: loadPolicyOf(entity, { command, load: config.settings.load }),
        },
        ctx,
      );
      await ctx.fault('load.after-batch');
    }
    return { batches: batches.length, records: batches.reduce((sum, batch) => sum + Number(batch.records), 0) };
  }

  /**
   * The closing transaction; the raw table exists afterwards, also when the source had nothing. What is published and not loaded is loaded
   * first: a Temporal restored from an older copy may take an answer from its later life for the end of a load that is still to come.
   */
  async close(input: EntityStep, ctx: StageContext): Promise<{ readonly doubts: number; readonly publishes: boolean }> {
    const { config, entity, facts, command } = await this.open(input);
    const { definition, name, target } = entity;
    if (await hasUnloaded(this.deps.db, input)) await this.load(input, ctx);
    // A comparison that mends nothing leaves the table as it is, also its columns.
    if (!config.unseen.has(name) && facts.compare?.fix !== false) {
      const policy = loadPolicyOf(entity, { command, load: config.settings.load });
      const table = { ...target, pipeline: config.pipeline.name, entity: name, definition, runId: input.runId, policy };
      await ensureRawTable({ db: this.deps.db }, table, ctx);
    }
    const undone = undoneRun(command);
    if (undone !== null)
      await undoDeletes(this.deps.db, { ...input, pipeline: config.pipeline.name, target, definition, deletedBy: undone }, ctx);
    const deps = this.extractDeps(config, entity, this.deps.clients.whenAsked(config));
    const closed = await closeExtraction(deps, extractInput(config, entity, facts), ctx);
    return { doubts: closed.doubts.length, publishes: publishable(config, entity) };
  }

  /** Makes the entity's typed table of its raw one: what changed, or every row where changes alone cannot be trusted. */
  async publish(input: EntityStep, ctx: StageContext): Promise<PublishedStep> {
    const { config, entity, facts } = await this.open(input);
    return publishStep(this.deps, { config, entity, facts }, ctx);
  }

  /** Checks the entity and makes it completed, or `failed: reconcile_error`; its rows stay either way. */
  async verify(input: EntityStep, ctx: StageContext): Promise<{ readonly ok: boolean; readonly faults: readonly string[] }> {
    const { config, entity, kind } = await this.open(input);
    await beginVerifying(this.deps.db, input);
    const result = await verifyEntity(
      { db: this.deps.db, landing: this.deps.landing },
      {
        ...input,
        pipeline: config.pipeline.name,
        target: entity.target,
        definition: entity.definition,
        // Orphans of documents that somebody deleted by hand are what a comparison is there to find.
        orphans: kind !== 'reconcile',
        ledgerOnly: !config.settings.stages.verify,
      },
      ctx,
    );
    if (result.checks.some(({ name, ok }) => COUNTERS.has(name) && !ok)) {
      const linesTable = entity.definition.lineItems === null ? null : lineTable(entity.target.table);
      await recount(this.deps.db, { runId: input.runId, ...entity.target, linesTable }, ctx);
    }
    const end = result.ok
      ? ((await badFiles(this.deps.db, input)) ?? { ...input, state: 'completed' as const })
      : reconcileFailure(input, result.faults);
    await ctx.fault('verify.before-end');
    await endEntity(this.deps.db, end, ctx);
    await noteRunWait(this.deps.db, input.runId);
    await ctx.fault('verify.after-end');
    return { ok: end.state === 'completed', faults: end.error === undefined ? [] : [...result.faults, end.error.message] };
  }

  async endEntity(input: EntityEnd, ctx: StageContext): Promise<{ readonly ended: boolean; readonly state: EntityEnd['state'] }> {
    const end = heldEnd(input);
    const ended = await endEntity(this.deps.db, end, ctx);
    await noteRunWait(this.deps.db, input.runId);
    return { ended, state: end.state };
  }

  /** Verdict over the run, report, final state. Doing it again changes nothing but an unwritten report. */
  async endRun(input: { readonly runId: string }, ctx: StageContext): Promise<{ readonly state: RunState }> {
    const { db } = this.deps;
    const run = await readRun(db, input.runId);
    const entities = await readEntities(db, input.runId);
    const outcome = runOutcome(
      entities.map((entity) => ({
        state: isFinalEntity(entity.state) ? entity.state : 'cancelled',
        doubt: entity.doubts.length > 0,
        freshUntil: isFresh(entity.skipped_reason),
      })),
      run.cancel_requested_at !== null,
    );
    await ctx.fault('run.before-end');
    await endRun(db, { runId: input.runId, state: outcome }, ctx);
    await ctx.fault('run.after-end');
    await writeReport({ db, folder: this.deps.reportsFolder }, { runId: input.runId }, ctx);
    return { state: (await readRun(db, input.runId)).state };
  }

  private async open(
    input: EntityStep,
  ): Promise<{ config: RunConfig; entity: RunEntity; facts: ExtractFacts } & Pick<RunRow, 'kind' | 'command'>> {
    const run = await readRun(this.deps.db, input.runId);
    if (run.cancel_requested_at !== null) throw cancelRequested(input);
    const config = await this.config(run.config_digest);
    const compare = comparisonOf(run.command);
    if (run.session_id === null) throw new RangeError(`run ${input.runId} has no landing session; prepareRun comes first`);
    return {
      config,
      entity: runEntity(config, input.entity),
      facts: {
        runId: input.runId,
        sessionId: run.session_id,
        full: run.command['full'] === true,
        approveDeletes: run.command['approve_deletes'] === true,
        ...(typeof run.command['limit'] === 'number' ? { limit: run.command['limit'] } : {}),
        counter: null,
        counterAtMost: null,
        ...(compare === undefined ? {} : { compare }),
      },
      kind: run.kind,
      command: run.command,
    };
  }

  /** As `open`, with what the server at hand says of the entity, where that differs from server to server. */
  private async surveyed(input: EntityStep, ctx: StageContext): ReturnType<Steps['open']> {
    const opened = await this.open(input);
    const { config, entity, kind } = opened;
    if (config.definition.entityNamed === undefined || kind === 'replay' || config.load !== undefined) return opened;
    const client = this.deps.clients.of(config);
    const survey = await surveyEntity({ db: this.deps.db, client, pipeline: config.pipeline.name, entity }, ctx);
    const now = survey?.changed === true ? await this.open(input) : opened;
    const { counter = null, counterAtMost = null } = survey ?? {};
    return { ...now, facts: { ...now.facts, counter, counterAtMost } };
  }

  private config(digest: string): Promise<RunConfig> {
    const known = this.configs.get(digest);
    if (known) return known;
    const reading = readRunConfig(this.deps.db, digest, this.deps.sources);
    // A failed look-up must not be remembered: the next attempt asks again.
    reading.catch(() => this.configs.delete(digest));
    this.configs.set(digest, reading);
    // What was inferred of files, or surveyed of a server, is learned in mid-run, perhaps by another process.
    void reading.then((config) => isLearned(config) && this.configs.delete(digest)).catch(() => undefined);
    return reading;
  }

  private extractDeps(config: RunConfig, entity: RunEntity, client = this.deps.clients.of(config)): ExtractDeps {
    const { db, landing } = this.deps;
    return { db, landing, client, definition: entity.definition, zone: config.definition.zone };
  }
}

const LOAD_OFF = `${HELD_FOR_LOAD} stages.load is off; what was fetched is landed, and the next run with it on loads it`;

function isLearned({ source, definition }: RunConfig): boolean {
  return isFiles(source) || definition.entityNamed !== undefined;
}

async function hasUnloaded(db: Database, { runId, entity }: EntityStep): Promise<boolean> {
  const rows = await db.query(
    `select from freshet.batch b join freshet.run_entity re on re.extraction_id = b.extraction_id
      where re.run_id = $1 and re.entity = $2 and b.state = 'published' limit 1`,
    [runId, entity],
  );
  return rows.length > 0;
}

/** Checks that compare the counters of `table_owner` with the table itself. */
const COUNTERS: ReadonlySet<string> = new Set(['rows', 'lines']);
