import type { Database } from '../../database/database';
import { isFreshetError } from '../../domain/errors';
import { analyzeFiles, type AnalysisDocument } from '../../load/analyze/analyze-files';
import { analyzedEntities } from '../../run/analyzed-entities';
import { ownersOf, type FoundInput } from '../../run/load-input';
import { chooseKeys } from '../../run/named-keys';
import { sources } from '../../sources/index';
import { analysisText } from '../analysis-text';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { findInput, type InputFlags } from '../load-input';
import { namedKeys } from '../named-keys';
import { openForReading } from '../open-database';
import { commandContext, openProject, type Project } from '../project';

/** `freshet analyze`: what files hold and what the tables need for them. Writes nothing. Exit code 4 when a load of them would end with problems. */
export async function analyze(flags: InputFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const project = openProject(common);
  const { document, input } = await analysis(project, flags);
  return {
    exitCode: document.entities.some(hasProblem) ? EXIT.findings : EXIT.good,
    data: { ...input, ...document },
    text: analysisText(input, document),
  };
}

/** Which files were read, and why those. */
export interface AnalyzedInput {
  readonly root: string;
  readonly input: string;
  readonly why: readonly string[];
}

export interface Analysis {
  readonly input: AnalyzedInput;
  readonly found: FoundInput;
  readonly document: AnalysisDocument;
}

/** What the command says, as one document. Errors: as `findInput` and `chooseKeys`. */
export async function analysis(project: Project, flags: InputFlags): Promise<Analysis> {
  const named = namedKeys(flags.key);
  const found = await findInput(project, flags, new Date());
  const db = await openIfSetUp(project);
  const ctx = commandContext(project);
  try {
    const deps = { db, loaded: project.loaded, sources };
    const owned = db === null ? { ...found, pipelineOf: () => null } : await ownersOf(db, found, flags.session !== undefined);
    const keys = await chooseKeys(deps, owned, named);
    const entities = await analyzedEntities(deps, owned, ctx, keys);
    const { input, why } = owned.choice;
    const document = await analyzeFiles({ db }, { entities }, ctx);
    return { input: { root: owned.root, input, why: [...why, ...keys.notices] }, found: owned, document };
  } finally {
    await db?.close();
  }
}

/** Where freshet never worked, every table is still to be made: that is an answer, too. */
export async function openIfSetUp(project: Project): Promise<Database | null> {
  try {
    return await openForReading(project);
  } catch (error) {
    if (isFreshetError(error) && error.code === 'not-set-up') return null;
    throw error;
  }
}

/** A load of the files would not end well. */
export function hasProblem({ bad_files: bad, problem, tables_problem: tables, unreadable }: AnalysisDocument['entities'][number]): boolean {
  return bad.length > 0 || problem !== null || tables !== null || unreadable.records > 0;
}
