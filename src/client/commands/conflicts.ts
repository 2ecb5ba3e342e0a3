import type { Database } from '../../database/database';
import { FreshetError, isFreshetError } from '../../domain/errors';
import { counted } from '../../domain/counted';
import { silentLog } from '../../observability/collecting-log';
import { resolveConflict, type Decision } from '../../publish/resolve';
import { CONFLICT_STATES, readConflicts, type ConflictFacts, type ConflictFilter } from '../conflicts-facts';
import { typedFieldNames } from '../typed-field-names';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { openProject } from '../project';
import { limitOf } from '../row-limit';
import { actor } from '../run-wishes';
import { textTable } from '../text-table';

/** Which conflicts; each option may name several. */
export interface ConflictsFlags {
  readonly pipeline?: readonly string[];
  readonly entity?: readonly string[];
  readonly field?: readonly string[];
  readonly state?: readonly string[];
  readonly limit?: string;
}

export interface ResolveFlags extends Omit<ConflictsFlags, 'state' | 'limit'> {
  readonly take?: 'source' | 'target';
  readonly value?: string;
  readonly null?: boolean;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

const LIMIT = 50;
const MOST = 1_000_000;

async function withConflicts<T>(context: CommandContext, body: (db: Database) => Promise<T>): Promise<T> {
  const db = await openForWriting(openProject(context.flags));
  try {
    return await body(db);
  } finally {
    await db.close();
  }
}

async function filterOf(db: Database, flags: ConflictsFlags): Promise<Omit<ConflictFilter, 'ids'>> {
  const known = await typedFieldNames(db, 'conflict');
  return {
    pipelines: chosenWords({ flag: '--pipeline', given: flags.pipeline, allowed: known.pipelines }),
    entities: chosenWords({ flag: '--entity', given: flags.entity, allowed: known.entities }),
    fields: chosenWords({ flag: '--field', given: flags.field, allowed: known.fields }),
    states: chosenWords({ flag: '--state', given: flags.state, allowed: CONFLICT_STATES }),
  };
}

/** `freshet conflicts list`: what waits for a decision, newest first. */
export function conflictsList(flags: ConflictsFlags, context: CommandContext): Promise<CommandResult> {
  const limit = limitOf(flags.limit, { otherwise: LIMIT, most: MOST });
  return withConflicts(context, async (db) => {
    const asked = await filterOf(db, flags);
    const filter = { ...asked, states: flags.state === undefined ? ['open'] : asked.states, ids: [] };
    const { conflicts, total } = await readConflicts(db, filter, limit);
    return {
      exitCode: EXIT.good,
      data: { filter, total, conflicts },
      text: conflicts.length === 0 ? noneText(flags) : listText(conflicts, total),
    };
  });
}

const noneText = ({ state }: ConflictsFlags): string =>
  state === undefined ? 'No conflict waits for a decision.' : `No conflict is ${state.join(' or ')}.`;

const COLUMNS = [
  { title: 'id', right: true },
  { title: 'table' },
  { title: 'row' },
  { title: 'field' },
  { title: 'we wrote' },
  { title: 'source' },
  { title: 'target' },
  { title: 'state' },
];

function listText(conflicts: readonly ConflictFacts[], total: number): string {
  const rows = conflicts.map((each) => [
    each.id,
    each.table ?? each.entity,
    shown(each.unique_value ?? each.record_id, 30),
    fieldOf(each),
    valueOf(each.base_value),
    valueOf(each.source_value),
    valueOf(each.target_value),
    stateOf(each),
  ]);
  const more = total - conflicts.length;
  const rest = more === 0 ? [] : [`${counted(more, 'conflict')} before these; --limit shows more.`];
  const below = [...rest, ...proposed(conflicts)];
  return [textTable(COLUMNS, rows), ...(below.length === 0 ? [] : ['', ...below])].join('\n');
}

/** Of what a strategy decided only the other side is something to take; what a person decided, or is none any more, stays. */
function proposed(conflicts: readonly ConflictFacts[]): string[] {
  const open = conflicts.find(({ state }) => state === 'open');
  if (open !== undefined) return [`→ Decide one: ./freshet conflicts resolve ${open.id} --take source`];
  const decided = conflicts.find(({ state }) => state === 'decided');
  if (decided === undefined) return [];
  return [`→ Take the other side: ./freshet conflicts resolve ${decided.id} --take ${decided.decision === 'source' ? 'target' : 'source'}`];
}

const fieldOf = ({ field }: ConflictFacts): string => (field === '' ? 'the row' : field);
const valueOf = (value: string | null): string => (value === null ? 'NULL' : shown(value, 30));
const stateOf = ({ state, decision, actor }: ConflictFacts): string =>
  decision === null ? state : `${decision}, by ${actor === null ? 'strategy' : shown(actor, 20)}`;

/** `freshet conflicts show <id>`: all three sides, and what became of it. */
export function conflictsShow(id: string, context: CommandContext): Promise<CommandResult> {
  return withConflicts(context, async (db) => {
    const [conflict] = /^\d{1,18}$/.test(id) ? (await readConflicts(db, only([id]), 1)).conflicts : [];
    if (conflict === undefined) throw unknownConflict(id);
    const facts: readonly (readonly [string, string])[] = [
      ['row', `${shown(conflict.unique_value ?? '')} in ${conflict.table ?? conflict.entity}, record ${shown(conflict.record_id)}`],
      ['field', fieldOf(conflict)],
      ['we wrote', conflict.base_value ?? 'NULL'],
      ['source', conflict.source_value ?? 'NULL'],
      ['target', conflict.target_value ?? 'NULL'],
      ['strategy', conflict.strategy],
      ['since', `${conflict.since}, ${conflict.run_id}`],
      ['state', `${stateOf(conflict)}${conflict.ended_at === null ? '' : ` (${conflict.ended_at})`}`],
    ];
    return {
      exitCode: EXIT.good,
      data: { conflict },
      text: facts.map(([name, text]) => `${name.padEnd(9)}${shown(text, 500)}`).join('\n'),
    };
  });
}

const only = (ids: readonly string[]): ConflictFilter => ({ ids, pipelines: [], entities: [], fields: [], states: [] });

/** `freshet conflicts resolve`: one, several, or all that a filter names, each in a transaction of its own. */
export function conflictsResolve(ids: readonly string[], flags: ResolveFlags, context: CommandContext): Promise<CommandResult> {
  const decision = decisionOf(flags);
  const bad = ids.find((id) => !/^\d{1,18}$/.test(id));
  if (bad !== undefined) throw unknownConflict(bad);
  if (ids.length === 0 && flags.all !== true && ![flags.pipeline, flags.entity, flags.field].some((given) => given !== undefined))
    throw noChoice();
  return withConflicts(context, async (db) => {
    const filter = ids.length > 0 ? only(ids) : { ...(await filterOf(db, flags)), ids, states: ['open'] };
    const { conflicts } = await readConflicts(db, filter, MOST);
    const missing = ids.find((id) => !conflicts.some((conflict) => conflict.id === id));
    if (missing !== undefined) throw unknownConflict(missing);
    if (flags.dryRun === true) return dryRun(conflicts, decision);
    return resolveAll(db, conflicts, decision);
  });
}

function dryRun(conflicts: readonly ConflictFacts[], decision: Decision): CommandResult {
  const text = `${counted(conflicts.length, 'conflict')} would be decided: ${decision.take}. Nothing was written.`;
  return { exitCode: EXIT.good, data: { dry_run: true, decision, conflicts }, text };
}

interface Settled {
  readonly id: string;
  readonly resolved: boolean;
  /** When it shows in the table; null where it was not decided. */
  readonly effect: 'at_once' | 'next_run' | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

async function resolveAll(db: Database, conflicts: readonly ConflictFacts[], decision: Decision): Promise<CommandResult> {
  const ctx = {
    signal: new AbortController().signal,
    progress: () => undefined,
    now: () => new Date(),
    log: silentLog,
    fault: () => undefined,
  };
  const settled: Settled[] = [];
  for (const { id } of [...conflicts].reverse()) {
    try {
      const effect = await resolveConflict(db, { id, decision, actor: actor() }, ctx);
      settled.push({ id, resolved: true, effect, error: null });
    } catch (error) {
      // One alone fails as any command does; of many, the others are decided all the same.
      if (conflicts.length === 1 || !isFreshetError(error)) throw error;
      settled.push({ id, resolved: false, effect: null, error: { code: error.code, message: error.message } });
    }
  }
  return settledResult(settled, decision);
}

function settledResult(settled: readonly Settled[], decision: Decision): CommandResult {
  const failed = settled.filter(({ resolved }) => !resolved);
  const later = settled.filter(({ effect }) => effect === 'next_run').length;
  const decided = `${counted(settled.length - failed.length, 'conflict')} decided: ${decision.take}.`;
  const when = later === 0 ? 'The rows show it now.' : `${counted(later, 'row')} ${later === 1 ? 'comes' : 'come'} back with the next run.`;
  const lines = failed.map(({ id, error }) => `  ${id}: ${error?.message ?? ''}`);
  const text = [failed.length === settled.length ? decided : `${decided} ${when}`, ...lines].join('\n');
  return { exitCode: failed.length === 0 ? EXIT.good : EXIT.partial, data: { decision, settled }, text };
}

function decisionOf(flags: ResolveFlags): Decision {
  const { take, value } = flags;
  const given = [take !== undefined, value !== undefined, flags.null === true].filter(Boolean).length;
  if (given !== 1) throw noChoice();
  if (take !== undefined) return { take };
  return { take: 'value', value: value ?? null };
}

function noChoice(): FreshetError {
  return new FreshetError('config_error', {
    code: 'conflict-choice',
    message: 'Say which conflicts, and what becomes of them',
    remedy:
      'Name the conflicts by number, by a filter, or all; and which side stands, or a value: `./freshet conflicts resolve --help` lists how.',
    retryable: false,
  });
}

function unknownConflict(id: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'conflict-unknown',
    message: `There is no conflict ${id}`,
    remedy: 'Take the number from the list that `./freshet conflicts list` prints.',
    retryable: false,
  });
}
