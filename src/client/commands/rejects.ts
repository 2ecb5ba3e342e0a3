import { FreshetError } from '../../domain/errors';
import { stringify } from 'lossless-json';
import type { Database } from '../../database/database';
import { FileStore } from '../../landing/file-store';
import { count, counted } from '../../report/words';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { nextLine } from '../error-lines';
import { EXIT } from '../exit-code';
import { minute } from '../minute';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { openProject, type Project } from '../project';
import { OF_PUBLISH, recordOf } from '../rejects-check';
import { rejectsCsv } from '../rejects-csv';
import { publishedWarningsText, rawRecord, readPublishedWarnings, type RawRecord } from '../rejects-published';
import {
  readRejects,
  readReplays,
  readWarnings,
  refusedNames,
  REJECT_STAGES,
  type RejectFacts,
  type RejectFilter,
  type RejectReplay,
  type WarnedRows,
} from '../rejects-facts';
import { parsed } from '../rejects-fix';
import { resolveRunId } from '../run-reference';
import { textTable } from '../text-table';
import { limitOf } from '../row-limit';

/** Which rejects; each option may name several. */
export interface RejectsFlags {
  readonly pipeline?: readonly string[];
  readonly entity?: readonly string[];
  readonly run?: readonly string[];
}

export interface RejectsListFlags extends RejectsFlags {
  readonly stage?: readonly string[];
  readonly all?: boolean;
  readonly limit?: string;
}

const LIMIT = 50;
const MOST = 1_000_000;

/** The project's database, open for one command on rejects. Columns that this version added must be there. */
export async function withRejects<T>(context: CommandContext, body: (db: Database, project: Project) => Promise<T>): Promise<T> {
  const project = openProject(context.flags);
  const db = await openForWriting(project);
  try {
    return await body(db, project);
  } finally {
    await db.close();
  }
}

export async function filterOf(db: Database, flags: RejectsFlags): Promise<Omit<RejectFilter, 'open' | 'ids'>> {
  const known = await refusedNames(db);
  const runs = (flags.run ?? []).flatMap((text) => text.split(','));
  return {
    pipelines: chosenWords({ flag: '--pipeline', given: flags.pipeline, allowed: known.pipelines }),
    entities: chosenWords({ flag: '--entity', given: flags.entity, allowed: known.entities }),
    runs: await Promise.all(runs.map((run) => resolveRunId(db, run))),
  };
}

/** `freshet rejects list`: what is refused and open, newest first. */
export function rejectsList(flags: RejectsListFlags, context: CommandContext): Promise<CommandResult> {
  const limit = limitOf(flags.limit, { otherwise: LIMIT, most: MOST });
  return withRejects(context, async (db) => {
    const stages = chosenWords({ flag: '--stage', given: flags.stage, allowed: REJECT_STAGES });
    const filter = { ...(await filterOf(db, flags)), ids: [], stages, open: flags.all !== true };
    const { rejects, total } = await readRejects(db, filter, limit);
    const about = (stage: string): boolean => stages.length === 0 || stages.includes(stage);
    const warnings = about('load') ? await readWarnings(db, filter) : [];
    const published = about('publish') ? await readPublishedWarnings(db, filter) : [];
    const head = listText(rejects, { total, all: flags.all === true });
    const text = [head, ...warnedText(warnings), ...publishedWarningsText(published)].join('\n');
    return { exitCode: EXIT.good, data: { filter, total, rejects, warnings, published_warnings: published }, text };
  });
}

const COLUMNS = [
  { title: 'id', right: true },
  { title: 'pipeline' },
  { title: 'entity' },
  { title: 'record' },
  { title: 'refused (UTC)' },
  { title: 'stage' },
  { title: 'why' },
];

function listText(rejects: readonly RejectFacts[], { total, all }: { readonly total: number; readonly all: boolean }): string {
  if (rejects.length === 0) return all ? 'No reject matches.' : 'No open reject matches.';
  const more = total - rejects.length;
  const rest = more === 0 ? [] : [`${count(more)} more before these; --limit shows more.`];
  const show = nextLine({ kind: 'run-command', label: 'Everything about one', command: `./freshet rejects show ${rejects[0]!.id}` });
  return [textTable(COLUMNS, rejects.map(row)), [...rest, show].join('\n')].join('\n\n');
}

/** Rows that are stored all the same. */
function warnedText(warnings: readonly WarnedRows[]): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.map(
    ({ entity, field, parent_entity: parent, rows, value }) =>
      `  ${entity}.${shown(field)}: ${counted(rows, 'row')} without a row in ${parent}, such as ${shown(value, 60)}`,
  );
  return ['', 'Stored, and warned of (freshet.row_warning):', ...lines];
}

/** Longer reasons are cut: `show` has them whole. */
const REASON = 80;

function row(reject: RejectFacts): string[] {
  const [first, ...others] = reject.reasons;
  const why = `${shown(first?.message ?? '', REASON)}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
  const state = stateOf(reject);
  return [
    reject.id,
    reject.pipeline,
    reject.entity,
    reject.record_id ?? '–',
    minute(reject.created_at),
    reject.stage,
    state === 'open' ? why : `${state}; ${why}`,
  ];
}

const CLOSED: Readonly<Record<string, string>> = {
  good: 'came good',
  again: 'refused again',
  loaded: 'its held batch is loaded',
  gone: 'its record was deleted at the source',
  waits: 'it only waits for a row of another table',
};

function stateOf({ stage, closed_by_run: run, closed_because: why }: RejectFacts): string {
  if (run === null) return stage === 'held' ? 'open, its whole batch is held' : 'open';
  return `${CLOSED[why ?? ''] ?? 'closed'} in ${run}`;
}

/** `freshet rejects show <id>`: every reason, and the record as it was landed. */
export function rejectsShow(id: string, context: CommandContext): Promise<CommandResult> {
  return withRejects(context, async (db, project) => {
    const known = /^\d{1,18}$/.test(id)
      ? await readRejects(db, { pipelines: [], entities: [], runs: [], ids: [id], open: false }, 1)
      : null;
    const reject = known?.rejects[0];
    if (reject === undefined) throw unknownReject(id);
    const replays = await readReplays(db, id);
    const raw = reject.stage === 'publish' ? await rawRecord(db, reject) : null;
    const { record, problem } = raw === null ? await landed(project, reject) : { record: stringify(raw.fields) ?? null, problem: null };
    return {
      exitCode: EXIT.good,
      data: { reject, record, record_problem: problem, replays, raw_table: raw?.raw_table ?? null, typed_table: raw?.typed_table ?? null },
      text: showText(reject, { record, problem, replays, raw }),
    };
  });
}

interface Landed {
  /** As it was landed; `null` where it is not there, or no text. */
  readonly record: string | null;
  readonly problem: string | null;
}

async function landed({ loaded }: Project, reject: RejectFacts): Promise<Landed> {
  if (reject.file === null) return { record: null, problem: null };
  try {
    const bytes = await recordOf(new FileStore(loaded.settings.landing.path), reject);
    const text = bytes.toString('utf8');
    return Buffer.from(text).equals(bytes) ? { record: text, problem: null } : { record: null, problem: 'its bytes are not UTF-8' };
  } catch (error) {
    return { record: null, problem: (error as Error).message };
  }
}

interface Shown extends Landed {
  readonly replays: readonly RejectReplay[];
  /** Of a reject of publish: its row in the raw table. */
  readonly raw: RawRecord | null;
}

/** Where its record is: in landing, or, where publish refused it, in the raw table. */
function placeOf(reject: RejectFacts, raw: RawRecord | null): readonly [string, string] {
  if (reject.stage === 'publish')
    return [
      'loaded',
      raw === null ? 'its raw row is not there any more' : `into ${raw.raw_table}, not into ${raw.typed_table ?? 'a typed table'}`,
    ];
  if (reject.file === null) return ['landed', 'nothing was landed'];
  return ['landed', `${reject.file}, byte ${reject.offset ?? 0}, ${count(Number(reject.length))} bytes`];
}

function showText(reject: RejectFacts, { record, problem, replays, raw }: Shown): string {
  const facts: readonly (readonly [string, string])[] = [
    ['record', `${reject.record_id === null ? 'without a key' : shown(reject.record_id)} of ${reject.entity}, pipeline ${reject.pipeline}`],
    ['refused', `${minute(reject.created_at)} UTC in ${reject.run_id}`],
    ['state', stateOf(reject)],
    placeOf(reject, raw),
    ...replays.map(({ run_id, state, actor, mended }): [string, string] => [
      'replay',
      `${run_id}, ${state}, by ${shown(actor)}${mended ? ', mended' : ''}`,
    ]),
  ];
  const reasons = reject.reasons.map(({ rule, field, constraint, severity, message }) => {
    const of = [rule, ...(field === null ? [] : [`of ${field}`]), ...(constraint === undefined ? [] : [constraint])].join(' ');
    return `  ${shown(message, 500)} (${of}${severity === undefined ? '' : ', a warning'})`;
  });
  const how = reject.stage === 'publish' && reject.closed_by_run === null ? ['', `How it comes good: ${OF_PUBLISH}.`] : [];
  const body =
    record === null
      ? []
      : [
          '',
          ...pretty(record)
            .split('\n')
            .map((line) => shown(line, 2_000)),
        ];
  return [
    ...facts.map(([name, text]) => `${name.padEnd(9)}${text}`),
    '',
    'Refused because:',
    ...reasons,
    ...how,
    ...(problem === null ? [] : ['', `The record cannot be shown: ${shown(problem, 500)}`]),
    ...body,
  ].join('\n');
}

function pretty(record: string): string {
  const value = parsed(record);
  return value === undefined ? record : (stringify(value, undefined, 2) ?? record);
}

function unknownReject(id: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'reject-unknown',
    message: `There is no reject ${id}`,
    remedy: 'Take the number from the list that `./freshet rejects list --all` prints.',
  });
}

/** `freshet rejects export`: a CSV that a person fills in. */
export function rejectsExport(flags: RejectsFlags, context: CommandContext): Promise<CommandResult> {
  return withRejects(context, async (db, project) => {
    // What publish refused is loaded: a spreadsheet cannot mend it.
    const stages = REJECT_STAGES.filter((stage) => stage !== 'publish');
    const { rejects } = await readRejects(db, { ...(await filterOf(db, flags)), ids: [], stages, open: true }, MOST);
    const rows = [];
    for (const reject of rejects) rows.push({ ...reject, record: (await landed(project, reject)).record });
    return { exitCode: EXIT.good, data: { rejects: rows }, text: await rejectsCsv(rows), verbatim: true };
  });
}
