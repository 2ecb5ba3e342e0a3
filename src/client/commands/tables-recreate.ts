import type { Database } from '../../database/database';
import { counted } from '../../domain/counted';
import { FreshetError } from '../../domain/errors';
import { EMPTY_PROFILE, type Profile } from '../../json/profile';
import { inferredFor, readFiles } from '../../load/analyze/analyze-files';
import { profileOf } from '../../load/analyze/entity-analysis';
import type { TableTarget } from '../../load/load-target';
import { recreateTables, type Recreated } from '../../load/recreate';
import { restoreTables, type Restored } from '../../load/recreate-restore';
import { analyzedEntities } from '../../run/analyzed-entities';
import { entityLookup } from '../../run/entity-lookup';
import { ownersOf } from '../../run/load-input';
import { sources } from '../../sources/index';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { findInput, type InputFlags } from '../load-input';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';
import { entityTables, unknownTable } from './tables';

export interface RecreateFlags extends InputFlags {
  readonly pipeline?: string;
  /** The entity's name: consent. */
  readonly confirm?: string;
  readonly dryRun?: boolean;
}

/** `freshet tables recreate`: an entity's tables anew, with the types that its records, and on wish further files, need. */
export async function tablesRecreate(entity: string, flags: RecreateFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  requireConsent('recreate', entity, flags);
  return withDatabase(openProject(common), async (project, db) => {
    const { target, wanted } = await recreateWish(project, db, { entity, flags });
    const done = await recreateTables({ db }, { target, wanted, dryRun: flags.dryRun === true }, commandContext(project));
    return { exitCode: EXIT.good, data: { entity, ...done }, text: recreatedText(entity, done) };
  });
}

/** `freshet tables restore`: the tables that were, in their place again. */
export async function tablesRestore(entity: string, flags: RecreateFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  requireConsent('restore', entity, flags);
  return withDatabase(openProject(common), async (project, db) => {
    const target = await liveTarget(db, { entity, flags });
    if (target === null) throw unknownTable(entity, await entityTables(db, []));
    const done = await restoreTables({ db }, { target, dryRun: flags.dryRun === true }, commandContext(project));
    return {
      exitCode: EXIT.good,
      data: { entity, outcome: flags.dryRun === true ? 'planned' : 'restored', ...done },
      text: restoredText(entity, done),
    };
  });
}

async function withDatabase(project: Project, body: (project: Project, db: Database) => Promise<CommandResult>): Promise<CommandResult> {
  const db = await openForWriting(project);
  try {
    return await body(project, db);
  } finally {
    await db.close();
  }
}

interface Asked {
  readonly entity: string;
  readonly flags: RecreateFlags;
}

/** Which tables are meant, and what records they are to fit. Errors: `table-unknown`, `no-input`, `no-key`. */
export async function recreateWish(project: Project, db: Database, asked: Asked): Promise<{ target: TableTarget; wanted: Profile }> {
  const { entity, flags } = asked;
  const live = await liveTarget(db, asked);
  const files = [flags.dir, flags.session, flags.input, flags.cutoffDays].some((flag) => flag !== undefined);
  if (!files && live === null) throw unknownTable(entity, await entityTables(db, []));
  if (!files && live !== null) return { target: live, wanted: EMPTY_PROFILE };
  const ctx = commandContext(project);
  const found = await findInput(project, { ...flags, entity: [entity] }, ctx.now());
  const owned = await ownersOf(db, found, flags.session !== undefined);
  const analyzed = await analyzedEntities({ db, loaded: project.loaded, sources }, owned, ctx);
  const [first] = analyzed.filter(({ pipeline }) => live === null || pipeline === live.pipeline);
  if (first === undefined) throw notItsFiles(entity);
  const { analysis } = await readFiles(first, ctx);
  const inferred = live === null ? inferredFor(first, analysis) : { definition: live.definition };
  if ('problem' in inferred) throw noKey(entity, inferred.problem);
  const { definition } = inferred;
  const target = live ?? { pipeline: first.pipeline, entity, schema: first.schema, table: first.table, definition, runId: '' };
  return { target, wanted: profileOf(analysis, definition.lineItems?.field ?? null) };
}

/** The entity's table as it is; `null` where none was made yet. */
async function liveTarget(db: Database, { entity, flags: { pipeline } }: Asked): Promise<TableTarget | null> {
  const all = await entityTables(db, []);
  const found = all.filter((each) => each.entity === entity && (pipeline === undefined || each.pipeline === pipeline));
  const [table, other] = found;
  if (table === undefined) return null;
  if (other !== undefined)
    throw ambiguous(
      entity,
      found.map((each) => each.pipeline),
    );
  const known = await entityLookup(db, sources)(table.pipeline, entity);
  if (known === null) throw unknownTable(entity, all);
  return { ...table, definition: known.definition, runId: '' };
}

function recreatedText(entity: string, { outcome, tables, views, foreign_keys: keys, kept }: Recreated): string {
  const heads: Readonly<Record<Recreated['outcome'], string>> = {
    planned: `The tables of ${shown(entity)} would be made anew. Nothing was changed.`,
    made: `The tables of ${shown(entity)} are made; there were none yet.`,
    recreated: `The tables of ${shown(entity)} are made anew.`,
  };
  const lines = tables.flatMap(({ table, rows, types, added, kept_types: same }) => [
    `${shown(table)}: ${counted(rows, 'row')}`,
    ...types.map(({ column, from, to }) => `  ${shown(column)}: ${from} becomes ${to}`),
    ...added.map(({ column, type }) => `  ${shown(column)}: new, ${type}`),
    ...same.map(({ column, type, wished }) => `  ${shown(column)}: stays ${type}, held values do not fit ${wished}`),
  ]);
  return [
    heads[outcome],
    ...lines,
    ...(views.length === 0 ? [] : [`views made anew: ${views.map((view) => shown(view)).join(', ')}`]),
    ...(keys.length === 0 ? [] : [`foreign keys made anew: ${keys.map((key) => shown(key)).join(', ')}`]),
    ...keptLine(kept),
  ].join('\n');
}

function restoredText(entity: string, { tables, kept }: Restored): string {
  const head =
    kept.length === 0
      ? `The tables of ${shown(entity)} would be restored. Nothing was changed.`
      : `The tables of ${shown(entity)} are as they were.`;
  return [head, ...tables.map((table) => `  ${shown(table)}`), ...keptLine(kept)].join('\n');
}

function keptLine(kept: readonly string[]): string[] {
  return kept.length === 0 ? [] : [`kept until somebody drops them: ${kept.map((name) => shown(name)).join(', ')}`];
}

function requireConsent(what: 'recreate' | 'restore', entity: string, { confirm, dryRun }: RecreateFlags): void {
  if (dryRun === true || confirm === entity) return;
  throw new FreshetError('config_error', {
    code: 'confirm-needed',
    message: `tables ${what} changes the tables of ${entity} for everybody who reads them, and ${confirm === undefined ? 'was not confirmed' : `"${confirm}" is another name`}`,
    remedy: 'Confirm it with the entity’s name. Nothing was changed.',
    next: [
      what === 'recreate'
        ? { kind: 'run-command', label: 'Make them anew', command: `./freshet tables recreate ${entity} --confirm ${entity}` }
        : { kind: 'run-command', label: 'Put the old ones back', command: `./freshet tables restore ${entity} --confirm ${entity}` },
    ],
    where: '--confirm',
  });
}

function ambiguous(entity: string, pipelines: readonly string[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'choice-unknown',
    message: `Several pipelines have an entity ${entity}`,
    remedy: `Name the pipeline as well; it is one of ${pipelines.join(', ')}.`,
    where: '<entity>',
  });
}

function notItsFiles(entity: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'entity-unknown',
    message: `The files are not of the pipeline whose tables ${entity} has`,
    remedy: 'Name a folder or a session of that pipeline. Nothing was changed.',
  });
}

function noKey(entity: string, problem: string): FreshetError {
  return new FreshetError('validation_error', {
    code: 'no-key',
    message: problem,
    remedy: `Load ${entity} first, naming the field that is its key; that makes its tables. Nothing was changed.`,
    retryable: false,
  });
}
