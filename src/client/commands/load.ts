import type { FlagValue } from '../../config/setting-layers';
import { loadRequests } from '../../run/load-request';
import { chooseKeys, releaseKeys, type KeyChoice } from '../../run/named-keys';
import { sources } from '../../sources/index';
import { carryClaims, type Carried } from '../carry-claims';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { openView, type Watch } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { ownersOf, type FoundInput, type OwnedInput } from '../../run/load-input';
import { findInput, inputLines, type InputFlags } from '../load-input';
import { namedKeys } from '../named-keys';
import { openForWriting } from '../open-database';
import { openProject, type Project } from '../project';
import { actor } from '../run-wishes';
import { withRunningSandbox } from '../sandbox-settings';
import { requireWritable } from '../writable-folder';
import { plannedLoad } from './load-plan';

export interface LoadFlags extends InputFlags {
  /** Insert only. */
  readonly skipExisting?: boolean;
  /** Tables are neither made nor changed. */
  readonly skipTableCreation?: boolean;
  /** Deletes beyond the bounds of load.deletes are meant. */
  readonly approveDeletes?: boolean;
  /** Instead of load.batch_size. */
  readonly batchSize?: string;
  /** `256MiB`, instead of load.memory_limit. */
  readonly memoryLimit?: string;
  readonly dryRun?: boolean;
  readonly local?: boolean;
  readonly attach?: boolean;
  readonly queue?: boolean;
}

/** `freshet load`: files into tables as runs of kind `load`, one for each pipeline whose tables they belong to. */
export async function load(flags: LoadFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  const watch = openView(context);
  const project = watch.logging(withRunningSandbox(openProject(common, { values: limitValues(flags) })));
  if (flags.dryRun === true) return plannedLoad(project, flags);
  return loadFiles({ project, watch, note: (line) => out.note(fitted(line, out.columns.note)) }, flags);
}

/** The limits as settings, so that they are judged, and frozen with the run, like those of a file. */
export function limitValues({ batchSize, memoryLimit }: Pick<LoadFlags, 'batchSize' | 'memoryLimit'>): FlagValue[] {
  return [
    { path: 'load.batch_size', flag: '--batch-size', value: batchSize },
    { path: 'load.memory_limit', flag: '--memory-limit', value: memoryLimit },
  ];
}

export interface Loading {
  readonly project: Project;
  readonly watch: Watch;
  /** Which input was chosen, and why. */
  readonly note: (line: string) => void;
}

/** Chooses, claims, carries. The answer is the command's, with the facts of each run. */
export async function loadFiles({ project, watch, note }: Loading, flags: LoadFlags): Promise<Carried> {
  const keys = namedKeys(flags.key);
  const chosen = await findInput(project, flags, new Date());
  requireWritable(project.loaded.settings.landing.path, 'landing.path');
  requireWritable(project.loaded.settings.reports.path, 'reports.path');
  const found = await owned(project, chosen, { named: flags.session !== undefined, keys });
  [...inputLines(found), ...found.notices].forEach(note);
  return carryClaims(
    { project, watch, flags },
    loadRequests(project.loaded, sources, {
      ...found,
      keys,
      skipExisting: flags.skipExisting === true,
      skipTableCreation: flags.skipTableCreation === true,
      approveDeletes: flags.approveDeletes === true,
      actor: actor(),
    }),
  );
}

interface Asked {
  /** The sessions were named. */
  readonly named: boolean;
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

async function owned(project: Project, found: FoundInput, { named, keys }: Asked): Promise<OwnedInput & Pick<KeyChoice, 'notices'>> {
  const db = await openForWriting(project);
  try {
    const input = await ownersOf(db, found, named);
    const choice = await chooseKeys({ db, loaded: project.loaded, sources }, input, keys);
    await releaseKeys(db, choice);
    return { ...input, notices: choice.notices };
  } finally {
    await db.close();
  }
}
