import { FreshetError } from '../../domain/errors';
import { stringify } from 'lossless-json';
import type { Database } from '../../database/database';
import { FileStore } from '../../landing/file-store';
import { count } from '../../report/words';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { nextLine } from '../error-lines';
import { EXIT } from '../exit-code';
import { openForWriting } from '../open-database';
import { shown } from '../output';
import { openProject, type Project } from '../project';
import { recordOf } from '../rejects-check';
import { rejectsCsv } from '../rejects-csv';
import { readRejects, readReplays, refusedNames, type RejectFacts, type RejectFilter, type RejectReplay } from '../rejects-facts';
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
    const filter = { ...(await filterOf(db, flags)), ids: [], open: flags.all !== true };
    const { rejects, total } = await readRejects(db, filter, limit);
    return { exitCode: EXIT.good, data: { filter, total, rejects }, text: listText(rejects, { total, all: flags.all === true }) };
  });
}

const COLUMNS = [
  { title: 'id', right: true },
  { title: 'pipeline' },
  { title: 'entity' },
  { title: 'record' },
  { title: 'refused (UTC)' },
  { title: 'why' },
];

function listText(rejects: readonly RejectFacts[], { total, all }: { readonly total: number; readonly all: boolean }): string {
  if (rejects.length === 0) return all ? 'No reject matches.' : 'No open reject matches.';
  const more = total - rejects.length;
  const rest = more === 0 ? [] : [`${count(more)} more before these; --limit shows more.`];
  const show = nextLine({ kind: 'run-command', label: 'Everything about one', command: `./freshet rejects show ${rejects[0]!.id}` });
  return [textTable(COLUMNS, rejects.map(row)), [...rest, show].join('\n')].join('\n\n');
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
    state === 'open' ? why : `${state}; ${why}`,
  ];
}

const minute = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;

const CLOSED: Readonly<Record<string, string>> = { good: 'came good', again: 'refused again', loaded: 'its held batch is loaded' };

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
    const { record, problem } = await landed(project, reject);
    return {
      exitCode: EXIT.good,
      data: { reject, record, record_problem: problem, replays },
      text: showText(reject, { record, problem, replays }),
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

function showText(reject: RejectFacts, { record, problem, replays }: Landed & { readonly replays: readonly RejectReplay[] }): string {
  const place =
    reject.file === null ? 'nothing was landed' : `${reject.file}, byte ${reject.offset ?? 0}, ${count(Number(reject.length))} bytes`;
  const facts: readonly (readonly [string, string])[] = [
    ['record', `${reject.record_id === null ? 'without a key' : shown(reject.record_id)} of ${reject.entity}, pipeline ${reject.pipeline}`],
    ['refused', `${minute(reject.created_at)} UTC in ${reject.run_id}`],
    ['state', stateOf(reject)],
    ['landed', place],
    ...replays.map(({ run_id, state, actor, mended }): [string, string] => [
      'replay',
      `${run_id}, ${state}, by ${shown(actor)}${mended ? ', mended' : ''}`,
    ]),
  ];
  const reasons = reject.reasons.map(
    ({ rule, constraint, message }) => `  ${shown(message, 500)} (${[rule, ...(constraint === undefined ? [] : [constraint])].join(' ')})`,
  );
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
    const { rejects } = await readRejects(db, { ...(await filterOf(db, flags)), ids: [], open: true }, MOST);
    const rows = [];
    for (const reject of rejects) rows.push({ ...reject, record: (await landed(project, reject)).record });
    return { exitCode: EXIT.good, data: { rejects: rows }, text: await rejectsCsv(rows), verbatim: true };
  });
}
