import type { Database } from '../../database/database';
import { FreshetError } from '../../domain/errors';
import { FileStore } from '../../landing/file-store';
import { RowReader } from '../../load/row';
import { count, counted } from '../../report/words';
import { readRunConfig, runEntity, wholeConfig, type RunConfig } from '../../run/run-config';
import { sources } from '../../sources/index';
import type { EntityLookup } from '../../verify/deep/deep-entity';
import { verifyDeep, type VerifyDeepResult } from '../../verify/deep/verify-deep';
import type { Violation } from '../../verify/deep/violation';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForReading } from '../open-database';
import { shown } from '../output';
import { commandContext, openProject, type Project } from '../project';

export interface VerifyFlags {
  readonly deep?: boolean;
  readonly pipeline?: string;
  readonly entity?: string;
}

/** `freshet verify --deep`: checks the invariants over tables, ledgers, watermarks and landing files. Exit code 4 when something is found. */
export async function verify(flags: VerifyFlags, context: CommandContext): Promise<CommandResult> {
  if (flags.deep !== true) throw needsDeep();
  const project = openProject(context.flags);
  const db = await openForReading(project);
  try {
    await requireKnown(db, flags);
    return verifyResult(await verifyInstallation(project, db, flags));
  } finally {
    await db.close();
  }
}

/** The deep check of a project's whole installation, or of what the filter lets through. */
export function verifyInstallation(
  project: Project,
  db: Database,
  filter: Pick<VerifyFlags, 'pipeline' | 'entity'> = {},
): Promise<VerifyDeepResult> {
  const landing = new FileStore(project.loaded.settings.landing.path);
  const readerOf = (...of: ConstructorParameters<typeof RowReader>): RowReader => new RowReader(...of);
  return verifyDeep({ db, landing, lookup: lookupIn(db), readerOf }, filter, commandContext(project));
}

/** What an entity is, by the settings that its pipeline's newest run was frozen with. */
function lookupIn(db: Database): EntityLookup {
  const configs = new Map<string, Promise<RunConfig | null>>();
  const configOf = async (pipeline: string): Promise<RunConfig | null> => {
    const [run] = await db.query<{ config_digest: string }>(
      `select config_digest from freshet.run where pipeline = $1 order by created_at desc limit 1`,
      [pipeline],
    );
    return run === undefined ? null : wholeConfig(db, await readRunConfig(db, run.config_digest, sources));
  };
  return async (pipeline, entity) => {
    const config = await (configs.get(pipeline) ?? configs.set(pipeline, configOf(pipeline)).get(pipeline));
    if (!config || !Object.hasOwn(config.pipeline.entities, entity)) return null;
    return { definition: runEntity(config, entity).definition, zone: config.definition.zone };
  };
}

export function verifyResult(result: VerifyDeepResult): CommandResult {
  const { violations, checked, unchecked } = result;
  const rows = checked.reduce((sum, check) => sum + check.rows, 0);
  const work = `${counted(checked.length, 'check')} over ${counted(rows, 'row, record or file', 'rows, records and files')}`;
  const head =
    violations.length === 0 ? `Nothing wrong: ${work}.` : `${counted(violations.length, 'violation')} in ${work}. Nothing was changed.`;
  const notes = unchecked.map(({ entity, why }) => `${shown(entity)}: ${shown(why, 500)}`);
  return {
    exitCode: violations.length === 0 ? EXIT.good : EXIT.findings,
    data: { verified: violations.length === 0, violations, checks: checked.length, rows, unchecked },
    text: [head, ...violations.map(violationText), ...notes].join('\n'),
  };
}

function violationText({ invariant, name, entity, where, message, sample }: Violation): string {
  const head = `[${count(invariant)}] ${name}${entity === '' ? '' : ` ${shown(entity)}`}: ${shown(message, 500)} (${shown(where)})`;
  return [head, ...sample.map((line) => `      ${shown(line, 500)}`)].join('\n');
}

function needsDeep(): FreshetError {
  return new FreshetError('config_error', {
    code: 'verify-needs-deep',
    message: 'This version verifies only with --deep',
    why: 'The quick checks (ledger, counters, line items) are part of every run and done already.',
    remedy: 'Add --deep; it reads everything and changes nothing.',
    next: [{ kind: 'run-command', label: 'Check everything', command: './freshet verify --deep' }],
  });
}

/** A name that matches nothing would check nothing and call it good. */
async function requireKnown(db: Database, { pipeline, entity }: VerifyFlags): Promise<void> {
  const known = await db.query<{ pipeline: string; entity: string }>(`select pipeline, entity from freshet.pipeline_entity order by 1, 2`);
  const hit = known.some((row) => (pipeline ?? row.pipeline) === row.pipeline && (entity ?? row.entity) === row.entity);
  if (hit || (pipeline === undefined && entity === undefined)) return;
  throw new FreshetError('config_error', {
    code: pipeline !== undefined && !known.some((row) => row.pipeline === pipeline) ? 'pipeline-unknown' : 'entity-unknown',
    message: `No table belongs to ${[pipeline, entity].filter((name) => name !== undefined).join(' ')}`,
    remedy: `Use one of ${known.map((row) => `${row.pipeline} ${row.entity}`).join(', ') || '(nothing ran here yet)'}.`,
  });
}
