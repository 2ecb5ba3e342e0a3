import { basename, dirname, resolve } from 'node:path';
import { compareSides, type CompareDeps } from '../../compare/compare-sides';
import type { Comparison } from '../../compare/comparison';
import { comparisonOf } from '../../compare/named-comparison';
import { recordOutcome } from '../../compare/outcomes';
import type { ComparisonResult } from '../../compare/result';
import type { DatabaseAddress } from '../../compare/side-name';
import { loadComparison } from '../../config/comparison';
import { databaseUrlProblem } from '../../config/schema/database-url';
import { resolveSecret } from '../../config/secret-reference';
import { openDatabase, type Database } from '../../database/database';
import { FreshetError } from '../../domain/errors';
import { FileStore } from '../../landing/file-store';
import { knownSecrets } from '../../observability/known-secrets';
import type { CommandContext } from '../command-context';
import { comparisonMarkdown, comparisonText } from '../comparison-text';
import { comparisonFromWords, refuseSideFlags, samplesOf, type CompareFlags } from '../comparison-words';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForWriting, timeoutsOf } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';
import { actor } from '../run-wishes';

/** `freshet compare <left> <right>`, or `freshet compare <name>`: two sides, row by row and column by column. Exit code 4 when something differs that nobody accepted. */
export async function compare(
  left: string,
  right: string | undefined,
  flags: CompareFlags,
  { flags: common }: CommandContext,
): Promise<CommandResult> {
  const project = openProject(common);
  const name = right === undefined ? left : null;
  const comparison = comparisonAsked(project, left, right, flags);
  const db = await openForWriting(project);
  try {
    const result =
      name === null
        ? await compareSides(compareDeps(project, db), { comparison }, commandContext(project))
        : await compareNamed(project, db, name, comparison);
    return await said(project, { name, result, flags, json: common.json === true });
  } finally {
    await db.close();
  }
}

/** With what was accepted, and written down: an alarm of it ends at once. */
async function compareNamed(project: Project, db: Database, name: string, comparison: Comparison): Promise<ComparisonResult> {
  const ctx = commandContext(project);
  const { environment } = project.loaded.settings;
  const startedAt = ctx.now();
  const result = await compareSides(compareDeps(project, db), { comparison, acceptedOf: { environment, name, now: startedAt } }, ctx);
  await recordOutcome(db, { environment, name, actor: actor(), startedAt, endedAt: ctx.now(), result });
  return result;
}

function comparisonAsked(project: Project, left: string, right: string | undefined, flags: CompareFlags): Comparison {
  if (right !== undefined) return comparisonFromWords(left, right, flags);
  refuseSideFlags(left, flags);
  const comparison = comparisonOf(loadComparison(left, project.loaded.root));
  return { ...comparison, samples: samplesOf(flags.samples) ?? comparison.samples };
}

/** What a comparison needs of a project. */
export function compareDeps({ loaded }: Project, db: Database): CompareDeps {
  const open = (address: DatabaseAddress): Database => {
    const url = 'url' in address ? address.url : resolveSecret(address, `the address of env:${address.env}`, loaded).reveal();
    knownSecrets.add(url);
    const problem = databaseUrlProblem(url);
    if (problem !== null) throw badAddress('env' in address ? `variable ${address.env}` : 'the address', problem);
    return openDatabase({ url, poolSize: 1, ...timeoutsOf(loaded.settings) });
  };
  return { db, root: loaded.root, open };
}

function badAddress(what: string, problem: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'compare-side',
    message: `${what} names no database that can be compared`,
    remedy: `It must be ${problem}.`,
  });
}

interface Saying {
  readonly name: string | null;
  readonly result: ComparisonResult;
  readonly flags: CompareFlags;
  readonly json: boolean;
}

async function said(project: Project, { name, result, flags, json }: Saying): Promise<CommandResult> {
  const exitCode = result.new === 0 ? EXIT.good : EXIT.findings;
  const data = { environment: project.loaded.settings.environment, comparison: name, ...result };
  if (flags.output !== undefined) {
    const file = await written(project, flags.output, json ? `${JSON.stringify(data, null, 2)}\n` : comparisonMarkdown(result, name));
    return { exitCode, data: { ...data, file }, text: shown(file, 1_000) };
  }
  if (flags.markdown === true) return { exitCode, data, text: comparisonMarkdown(result, name), verbatim: true };
  return { exitCode, data, text: comparisonText(result) };
}

async function written(project: Project, output: string, text: string): Promise<string> {
  const file = resolve(output);
  const ctx = commandContext(project);
  await new FileStore(dirname(file), (site) => ctx.fault(site)).write(basename(file), [Buffer.from(text, 'utf8')]);
  return file;
}
