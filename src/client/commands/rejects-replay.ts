import { readFileSync } from 'node:fs';
import type { Database } from '../../database/database';
import { dropReplay, storeReplay } from '../../database/replay-records';
import { counted } from '../../domain/counted';
import { FreshetError } from '../../domain/errors';
import { FileStore } from '../../landing/file-store';
import { replayEntities, type ReplayEntity } from '../../run/replay-entities';
import { replayRequests, type ReplayWish } from '../../run/replay-request';
import { sources } from '../../sources/index';
import { carryClaims } from '../carry-claims';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openView } from '../live/watch';
import { openForWriting } from '../open-database';
import { openProject, type Project } from '../project';
import { checkFixes, OF_PUBLISH, unplayable } from '../rejects-check';
import { readFixes, type FixLine } from '../rejects-csv';
import { readRejects, type RejectFacts } from '../rejects-facts';
import { actor } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';
import { filterOf, withRejects, type RejectsFlags } from './rejects';

export interface ReplayFlags extends RejectsFlags {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly local?: boolean;
  readonly queue?: boolean;
}

const MOST = 1_000_000;
const NONE = { pipelines: [], entities: [], runs: [] };

/** `freshet rejects import <file>`: the whole file is checked before anything is loaded; then the mended records run through the loader. */
export async function rejectsImport(file: string, flags: ReplayFlags, context: CommandContext): Promise<CommandResult> {
  const { fixes, untouched, mistakes } = await readFixes(textOf(file));
  if (mistakes.length > 0) throw badFile(file, mistakes);
  const wishes = await withRejects(context, (db, project) => checkedWishes(file, fixes, { db, project }));
  const note = untouched === 0 ? [] : [`${counted(untouched, 'line')} without a fix: left alone`];
  return replay(wishes, note, flags, context);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw badFile(file, [(error as Error).message]);
  }
}

interface Scope {
  readonly db: Database;
  readonly project: Project;
}

async function checkedWishes(file: string, fixes: readonly FixLine[], scope: Scope): Promise<ReplayWish[]> {
  const ids = fixes.map(({ rejectId }) => rejectId).filter((id) => /^\d{1,18}$/.test(id));
  const { rejects } = ids.length === 0 ? { rejects: [] } : await readRejects(scope.db, { ...NONE, ids, open: false }, MOST);
  const entities = await entitiesOf(rejects, scope);
  const { wishes, mistakes } = await checkFixes(fixes, {
    landing: new FileStore(scope.project.loaded.settings.landing.path),
    rejects: new Map(rejects.map((reject) => [reject.id, reject])),
    entityOf: ({ pipeline, entity }) => entities.get(`${pipeline}\n${entity}`)!,
  });
  if (mistakes.length > 0) throw badFile(file, mistakes);
  return wishes;
}

async function entitiesOf(rejects: readonly RejectFacts[], { db, project }: Scope): Promise<ReadonlyMap<string, ReplayEntity>> {
  const found = new Map<string, ReplayEntity>();
  for (const pipeline of new Set(rejects.map((reject) => reject.pipeline))) {
    const names = new Set(rejects.filter((reject) => reject.pipeline === pipeline).map(({ entity }) => entity));
    const entities = await replayEntities({ db, loaded: project.loaded, sources }, pipeline, [...names]);
    for (const [name, entity] of entities) found.set(`${pipeline}\n${name}`, entity);
  }
  return found;
}

/** `freshet rejects replay`: what is refused is loaded once more as it is, after rules or settings were changed. */
export async function rejectsReplay(ids: readonly string[], flags: ReplayFlags, context: CommandContext): Promise<CommandResult> {
  const chosen = ids.length > 0 || flags.all === true || [flags.pipeline, flags.entity, flags.run].some((names) => names !== undefined);
  if (!chosen) throw notChosen(['none is named']);
  const rejects = await withRejects(context, async (db) => {
    const numbers = ids.filter((id) => /^\d{1,18}$/.test(id));
    const filter = { ...(await filterOf(db, flags)), ids: ids.length > 0 ? [...numbers, '0'] : [], open: ids.length === 0 };
    return (await readRejects(db, filter, MOST)).rejects;
  });
  const known = new Map(rejects.map((reject) => [reject.id, reject]));
  const problems = ids.flatMap((id) => unplayable(id, known.get(id)) ?? []);
  if (problems.length > 0) throw notChosen(problems);
  const playable = rejects.filter((reject) => unplayable(reject.id, reject) === null).reverse();
  const published = rejects.filter(({ stage }) => stage === 'publish').length;
  const left = rejects.length - playable.length - published;
  const note = [
    ...(left === 0 ? [] : [`${counted(left, 'reject')} without a landed record: the next run of the pipeline asks for them again`]),
    ...(published === 0 ? [] : [`${counted(published, 'reject')} of publish: each is loaded, and ${OF_PUBLISH}`]),
  ];
  const wishes = playable.map(({ id, pipeline, entity, fetched_at: at }) => ({ rejectId: id, pipeline, entity, at, record: null }));
  return replay(wishes, note, flags, context);
}

async function replay(
  wishes: readonly ReplayWish[],
  notes: readonly string[],
  flags: ReplayFlags,
  context: CommandContext,
): Promise<CommandResult> {
  for (const note of notes) context.out.note(note);
  if (wishes.length === 0) return { exitCode: EXIT.good, data: { replayed: [] }, text: 'Nothing to load: no open reject is meant.' };
  if (flags.dryRun === true) return planned(wishes);
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(context.flags)));
  requireWritable(project.loaded.settings.landing.path, 'landing.path');
  requireWritable(project.loaded.settings.reports.path, 'reports.path');
  const replays = replayRequests(project.loaded, sources, wishes, actor());
  const db = await openForWriting(project);
  try {
    for (const { request, records } of replays) await storeReplay(db, request, records);
    return await carryClaims(
      { project, watch, flags },
      replays.map(({ request }) => request),
    );
  } finally {
    for (const { request } of replays) await dropReplay(db, request.requestKey);
    await db.close();
  }
}

function planned(wishes: readonly ReplayWish[]): CommandResult {
  const lines = wishes.map(
    ({ rejectId, pipeline, entity, record }) => `  ${rejectId}  ${entity} of ${pipeline}, ${record === null ? 'as it is' : 'mended'}`,
  );
  return {
    exitCode: EXIT.good,
    data: {
      dry_run: true,
      replayed: wishes.map(({ rejectId, pipeline, entity, record }) => ({ id: rejectId, pipeline, entity, mended: record !== null })),
    },
    text: [`${counted(wishes.length, 'record')} would be loaded:`, ...lines, '', 'Nothing was written.'].join('\n'),
  };
}

/** Beyond it the number says enough. */
const SHOWN = 50;

function badFile(file: string, mistakes: readonly string[]): FreshetError {
  const rest = mistakes.length > SHOWN ? [`and ${mistakes.length - SHOWN} more`] : [];
  return new FreshetError('config_error', {
    code: 'rejects-import',
    message: [`${file}: ${counted(mistakes.length, 'mistake')}, and nothing was loaded`, ...mistakes.slice(0, SHOWN), ...rest].join('\n'),
    remedy: 'Correct these lines and import the file again; a line whose fix is empty is left alone.',
    where: file,
  });
}

function notChosen(problems: readonly string[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'rejects-not-chosen',
    message: `Which rejects are to be loaded again? ${problems.join('; ')}`,
    remedy:
      'Name them by number, or by the options that the list has, too: `./freshet rejects list` shows what is open. Nothing was loaded.',
  });
}
