import { claimRun, type ClaimRequest } from '../../database/claim';
import type { Database } from '../../database/database';
import { findRehearsal } from '../../database/rehearsal-store';
import { FileStore } from '../../landing/file-store';
import type { StageContext } from '../../observability/stage-context';
import { readRunFacts } from '../../report/run-facts';
import { applyRehearsal, checkRehearsal, type Applying } from '../../run/apply-rehearsal';
import { rehearsable, rehearsePipeline, type Rehearsal } from '../../run/rehearsal';
import { notRehearsed } from '../../run/rehearsal-errors';
import { sources } from '../../sources/index';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { samplesOf } from '../comparison-words';
import { EXIT } from '../exit-code';
import { onInterrupt } from '../interrupt';
import { openForWriting } from '../open-database';
import { commandContext, openProject, type Project } from '../project';
import { acceptedText, laneTaken, rehearsalText } from '../rehearsal-text';
import { runJson } from '../run-view';
import { actor, entityNames, withSandboxHint } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';

export interface RehearseFlags {
  /** As given; each may name several, separated by commas. */
  readonly entity?: readonly string[];
  /** `90d`. */
  readonly since?: string;
  readonly samples?: string;
  /** The digest of a rehearsal, or its beginning; `true`: the newest. */
  readonly apply?: string | true;
}

const SAMPLES = 5;

/**
 * `freshet rehearse <pipeline>`: what the next publish would change, into tables that nobody else sees; with --apply that, and nothing else, is
 * published. Exit code 4 where records would be refused or contested.
 */
export async function rehearseCommand(named: string, flags: RehearseFlags, context: CommandContext): Promise<CommandResult> {
  const samples = samplesOf(flags.samples) ?? SAMPLES;
  const project = withRunningSandbox(openProject(context.flags));
  const entities = entityNames(flags.entity);
  const wish = { pipeline: named, actor: actor(), ...(entities === undefined ? {} : { entities }) };
  const asked = hinted(project, () => rehearsable(project.loaded, sources, wish));
  const interrupt = onInterrupt();
  const db = await openForWriting(project);
  try {
    const ctx = commandContext(project, interrupt.signal);
    if (flags.apply !== undefined)
      return await applied(project, db, { named, digest: flags.apply === true ? undefined : flags.apply }, ctx);
    const landing = new FileStore(project.loaded.settings.landing.path);
    const input = {
      rehearsable: asked,
      named: entities !== undefined,
      samples,
      actor: actor(),
      ...(flags.since === undefined ? {} : { since: flags.since }),
    };
    const rehearsal = await rehearsePipeline({ db, landing }, input, ctx);
    return { exitCode: needsSomeone(rehearsal) ? EXIT.findings : EXIT.good, data: rehearsal, text: rehearsalText(rehearsal, named) };
  } finally {
    interrupt.release();
    await db.close();
  }
}

function hinted<T>(project: Project, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw withSandboxHint(error, project);
  }
}

/** A rule, a person or a budget stands in the way of some record. */
function needsSomeone({ entities }: Rehearsal): boolean {
  return entities.some(({ counts, held }) => held || counts.rejected + counts.pending + counts.conflict > 0);
}

async function applied(
  project: Project,
  db: Database,
  { named, digest }: { readonly named: string; readonly digest: string | undefined },
  ctx: StageContext,
): Promise<CommandResult> {
  const { settings } = project.loaded;
  const { environment } = settings;
  const { told } = rehearsable(project.loaded, sources, { pipeline: named, actor: actor() });
  const { pipeline } = told;
  const rehearsal = await findRehearsal(db, { environment, pipeline, digest });
  if (rehearsal === undefined) throw notRehearsed(told, digest);
  requireWritable(settings.reports.path, 'reports.path');
  const asked = rehearsable(project.loaded, sources, { pipeline: named, entities: rehearsal.entities, actor: actor() });
  const applying: Applying = { rehearsal, rehearsable: asked };
  await checkRehearsal(db, applying, ctx);
  const claim = await claimRun(db, requestOf(asked.request, rehearsal.digest), { ...ctx, signal: new AbortController().signal });
  if (claim.kind === 'taken') return laneTaken(told, claim.activeRunId);
  const landing = new FileStore(settings.landing.path);
  await applyRehearsal({ db, landing, reportsFolder: settings.reports.path }, { ...applying, runId: claim.runId }, ctx);
  const facts = await readRunFacts(db, claim.runId);
  const counts = await ledgers(db, claim.runId);
  return {
    exitCode: EXIT.good,
    data: { pipeline, digest: rehearsal.digest, run_id: claim.runId, entities: counts, run: runJson(facts) },
    text: acceptedText({ pipeline, digest: rehearsal.digest, since: rehearsal.since, runId: claim.runId, counts }),
  };
}

/** `local`: no workflow carries it, so nobody starts one for it. */
function requestOf(request: ClaimRequest, digest: string): ClaimRequest {
  return { ...request, command: { ...request.command, local: true, rehearsal: { digest } } };
}

export interface PublishedCounts {
  readonly entity: string;
  readonly table: string;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly rejected: number;
}

async function ledgers(db: Database, runId: string): Promise<PublishedCounts[]> {
  const rows = await db.query<Record<keyof PublishedCounts, string>>(
    `select entity, schema || '.' || "table" as table, created, updated, deleted, unchanged, rejected from freshet.publish_ledger where run_id = $1 order by started_at, entity`,
    [runId],
  );
  return rows.map(({ entity, table, ...counts }) => {
    const numbers = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, Number(value)]));
    return { entity, table, ...(numbers as unknown as Omit<PublishedCounts, 'entity' | 'table'>) };
  });
}
