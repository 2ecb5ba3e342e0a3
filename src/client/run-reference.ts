import { closest } from '../config/closest';
import type { Database } from '../database/database';
import { FreshetError, type NextAction } from '../domain/errors';
import { counted } from '../report/words';

/** Shorter pieces would name a run by accident. */
const SHORTEST = 4;
const MOST_LISTED = 5;
/** Among so many of the newest ids the one that was meant is looked for. */
const LOOKED_AT = 500;

/**
 * The id of the run that a person means: the id itself, or a beginning or end of at least four characters that only one run has; capitals
 * do not matter. Errors: `config_error` codes `run-unknown` (with what was probably meant) and `run-ambiguous` (with the newest that fit; also for a piece that is too short).
 */
export async function resolveRunId(db: Database, typed: string): Promise<string> {
  const text = typed.trim().toUpperCase();
  const fitting = await db.query<Fitting>(
    `select id, pipeline, state, to_char(created_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') as begun from freshet.run
      where id = $1 or ($1 <> '' and (starts_with(id, $1) or right(id, length($1)) = $1)) order by id = $1 desc, created_at desc`,
    [text],
  );
  const [first] = fitting;
  if (first === undefined) throw await unknown(db, typed.trim());
  if (first.id === text || (fitting.length === 1 && text.length >= SHORTEST)) return first.id;
  throw ambiguous(typed.trim(), fitting);
}

interface Fitting {
  readonly id: string;
  readonly pipeline: string;
  readonly state: string;
  /** Minute in UTC. */
  readonly begun: string;
}

const show = (id: string, label = 'Show this one'): NextAction => ({ kind: 'run-command', label, command: `./freshet show ${id}` });
const HISTORY: NextAction = { kind: 'run-command', label: 'List the runs', command: './freshet history' };

/** The newest that fit are listed, each with what tells it from the others. */
function ambiguous(typed: string, fitting: readonly Fitting[]): FreshetError {
  const found = `${counted(fitting.length, 'run')} ${fitting.length === 1 ? 'begins or ends' : 'begin or end'} with ${typed}`;
  const short = typed.length < SHORTEST;
  const more = fitting.length - MOST_LISTED;
  return new FreshetError('config_error', {
    code: 'run-ambiguous',
    message: short ? `${typed} is too short to name a run: ${found}` : found,
    remedy: `Give ${short ? `at least ${SHORTEST} characters` : 'more'} of the id${more > 0 ? `; the newest ${MOST_LISTED} of them are listed here` : ''}.`,
    next: [
      ...fitting.slice(0, MOST_LISTED).map(({ id, pipeline, state, begun }) => show(id, `${pipeline}, ${state}, ${begun} UTC`)),
      ...(more > 0 ? [HISTORY] : []),
    ],
  });
}

async function unknown(db: Database, typed: string): Promise<FreshetError> {
  const rows = await db.query<{ id: string; pipeline: string }>(
    `select id, pipeline from freshet.run order by created_at desc limit ${LOOKED_AT}`,
  );
  const ofPipeline = rows.find(({ pipeline }) => pipeline === typed)?.id;
  const near = closest(
    typed,
    rows.map(({ id }) => id),
  );
  const remedy =
    ofPipeline !== undefined
      ? `${typed} is a pipeline; its newest run is ${ofPipeline}.`
      : near !== undefined
        ? `Did you mean ${near}?`
        : 'Copy the id from the list that `./freshet history` prints; a beginning or end of it is enough.';
  const meant = ofPipeline ?? near;
  return new FreshetError('config_error', {
    code: 'run-unknown',
    message: `There is no run ${typed}`,
    remedy,
    next: [...(meant === undefined ? [] : [show(meant)]), HISTORY],
  });
}
