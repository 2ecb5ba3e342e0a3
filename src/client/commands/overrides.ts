import type { Database } from '../../database/database';
import { FreshetError, isFreshetError } from '../../domain/errors';
import { counted } from '../../domain/counted';
import { noSuchOverride, noTypedTable, type Pinning } from '../../publish/override-errors';
import { pinField, unpinField, type Pinned } from '../../publish/pin';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { minute } from '../minute';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { publishedEntities, readOverrides, type OverrideFacts } from '../overrides-facts';
import { typedFieldNames } from '../typed-field-names';
import { commandContext, openProject, type Project } from '../project';
import { limitOf } from '../row-limit';
import { actor } from '../run-wishes';
import { textTable } from '../text-table';
import { untilDay } from '../until-day';

/** Which overrides; each option may name several. */
export interface OverridesFlags {
  readonly pipeline?: readonly string[];
  readonly entity?: readonly string[];
  readonly field?: readonly string[];
  readonly all?: boolean;
  readonly limit?: string;
}

export interface PinFlags {
  readonly value?: string;
  readonly null?: boolean;
  readonly because: string;
  readonly until?: string;
  readonly pipeline?: string;
  readonly dryRun?: boolean;
}

export interface UnpinFlags {
  readonly because?: string;
  readonly dryRun?: boolean;
}

const LIMIT = 50;
const MOST = 1_000_000;

async function withOverrides<T>(context: CommandContext, body: (db: Database, project: Project) => Promise<T>): Promise<T> {
  const project = openProject(context.flags);
  const db = await openForWriting(project);
  try {
    return await body(db, project);
  } finally {
    await db.close();
  }
}

/** `freshet overrides list`: what people pinned, newest first. */
export function overridesList(flags: OverridesFlags, context: CommandContext): Promise<CommandResult> {
  const limit = limitOf(flags.limit, { otherwise: LIMIT, most: MOST });
  return withOverrides(context, async (db) => {
    const known = await typedFieldNames(db, 'publish_override');
    const filter = {
      ids: [],
      pipelines: chosenWords({ flag: '--pipeline', given: flags.pipeline, allowed: known.pipelines }),
      entities: chosenWords({ flag: '--entity', given: flags.entity, allowed: known.entities }),
      fields: chosenWords({ flag: '--field', given: flags.field, allowed: known.fields }),
      all: flags.all === true,
    };
    const { overrides, total } = await readOverrides(db, filter, limit);
    return { exitCode: EXIT.good, data: { filter, total, overrides }, text: listText(overrides, { total, all: filter.all }) };
  });
}

const COLUMNS = [
  { title: 'id', right: true },
  { title: 'table' },
  { title: 'row' },
  { title: 'field' },
  { title: 'value' },
  { title: 'was' },
  { title: 'by' },
  { title: 'since (UTC)' },
  { title: 'until' },
  { title: 'because' },
];

function listText(overrides: readonly OverrideFacts[], { total, all }: { readonly total: number; readonly all: boolean }): string {
  if (overrides.length === 0) return all ? 'No field was ever pinned.' : 'No field is pinned.';
  const rows = overrides.map((each) => [
    each.id,
    each.table ?? each.entity,
    shown(each.unique_value ?? each.record_id, 30),
    each.field,
    valueOf(each.value),
    valueOf(each.replaced),
    shown(each.actor, 20),
    minute(each.created_at),
    untilOf(each),
    shown(each.because, 60),
  ]);
  const more = total - overrides.length;
  const rest = more === 0 ? [] : ['', `${counted(more, 'override')} before these; --limit shows more.`];
  return [textTable(COLUMNS, rows), ...rest].join('\n');
}

const valueOf = (value: string | null): string => (value === null ? 'NULL' : shown(value, 30));

function untilOf({ state, expires_at: until, ended_at: at, ended_by: by }: OverrideFacts): string {
  if (state === 'removed') return `removed ${minute(at ?? '')} by ${shown(by ?? '', 20)}`;
  if (state === 'over') return `over since ${minute(at ?? '')}`;
  return until === null ? 'removed' : minute(until);
}

/** `freshet overrides set <entity> <key> <field>`: pins a field at once, or, of a record that is not published yet, with the next run. */
export function overridesSet(of: Pinning, flags: PinFlags, context: CommandContext): Promise<CommandResult> {
  if ((flags.value !== undefined) === (flags.null === true)) throw noValue(of);
  const value = flags.value ?? null;
  const until = untilDay(flags.until, 'the source’s value comes back');
  return withOverrides(context, async (db, project) => {
    const pipeline = pipelineOf(await publishedEntities(db), of.entity, flags.pipeline);
    const dryRun = flags.dryRun === true;
    const wish = { ...of, pipeline, value, until, because: flags.because, actor: actor(), dryRun };
    const pinned = await pinField(db, wish, commandContext(project));
    const data = { pipeline, ...of, ...pinned, until: until?.toISOString() ?? null, dry_run: dryRun };
    return { exitCode: EXIT.good, data, text: pinnedText(of, pinned, { until: flags.until, dryRun }) };
  });
}

function pinnedText(
  { field, key }: Pinning,
  { id, table, value, replaced, effect }: Pinned,
  { until, dryRun }: { until: string | undefined; dryRun: boolean },
): string {
  const what = `${field} of ${shown(key, 60)} in ${table}`;
  if (dryRun) return `${what} would be pinned to ${valueOf(value)} (it is ${valueOf(replaced)}). Nothing was written.`;
  const lasts = until === undefined ? 'until somebody removes it' : `until the end of ${until} (UTC)`;
  const when =
    effect === 'at_once'
      ? `It stands there now (it was ${valueOf(replaced)}), and stays ${lasts}.`
      : `Its record is not published yet: the next run tries it with this value. It holds ${lasts}.`;
  return [
    `${what} is pinned to ${valueOf(value)}, as override ${id ?? ''}. ${when}`,
    `→ Take it back: ./freshet overrides remove ${id ?? ''}`,
  ].join('\n');
}

function pipelineOf(
  all: readonly { readonly pipeline: string; readonly entity: string }[],
  entity: string,
  asked: string | undefined,
): string {
  const found = all.filter((each) => each.entity === entity && (asked === undefined || each.pipeline === asked));
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw noTypedTable(
      entity,
      all.map((each) => `${each.entity} of ${each.pipeline}`),
    );
  return only.pipeline;
}

/** `freshet overrides remove <ids…>`: each in a transaction of its own. */
export function overridesRemove(ids: readonly string[], flags: UnpinFlags, context: CommandContext): Promise<CommandResult> {
  const bad = ids.find((id) => !/^\d{1,18}$/.test(id));
  if (bad !== undefined) throw noSuchOverride(bad);
  return withOverrides(context, async (db, project) => {
    const { overrides } = await readOverrides(db, { ids, pipelines: [], entities: [], fields: [], all: true }, MOST);
    const missing = ids.find((id) => !overrides.some((each) => each.id === id));
    if (missing !== undefined) throw noSuchOverride(missing);
    if (flags.dryRun === true) {
      const text = `${counted(overrides.length, 'override')} would be removed. Nothing was written.`;
      return { exitCode: EXIT.good, data: { dry_run: true, overrides }, text };
    }
    return removeAll(db, project, { ids, because: flags.because ?? '' });
  });
}

async function removeAll(
  db: Database,
  project: Project,
  { ids, because }: { ids: readonly string[]; because: string },
): Promise<CommandResult> {
  const removed: { id: string; removed: boolean; error: { code: string; message: string } | null }[] = [];
  for (const id of new Set(ids)) {
    try {
      await unpinField(db, { id, because, actor: actor() }, commandContext(project));
      removed.push({ id, removed: true, error: null });
    } catch (error) {
      // One alone fails as any command does; of many, the others are removed all the same.
      if (ids.length === 1 || !isFreshetError(error)) throw error;
      removed.push({ id, removed: false, error: { code: error.code, message: error.message } });
    }
  }
  const failed = removed.filter((each) => !each.removed);
  const lines = failed.map(({ error }) => `  ${error?.message ?? ''}`);
  const done = `${counted(removed.length - failed.length, 'override')} removed. The source’s values come back with the next run.`;
  return { exitCode: failed.length === 0 ? EXIT.good : EXIT.partial, data: { removed }, text: [done, ...lines].join('\n') };
}

function noValue({ field }: Pinning): FreshetError {
  return new FreshetError('config_error', {
    code: 'wrong-use',
    message: `To which value is ${field} to be pinned?`,
    remedy: 'Say --value with a text, or --null for no value: one of the two.',
  });
}
