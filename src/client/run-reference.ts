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
 * do not matter. Errors: `config_error` codes `run-unknown` (with what was probably meant) and `run-ambiguous` (with the newest that fit).
 */
export async function resolveRunId(db: Database, typed: string): Promise<string> {
  const text = typed.trim().toUpperCase();
  const piece = text.length >= SHORTEST;
  const fitting = await db.query<{ id: string }>(
    `select id from freshet.run where id = $1 or ($2 and (starts_with(id, $1) or right(id, length($1)) = $1)) order by id = $1 desc, created_at desc`,
    [text, piece],
  );
  const [first, ...others] = fitting.map(({ id }) => id);
  if (first === undefined) throw await unknown(db, typed.trim());
  if (first === text || others.length === 0) return first;
  throw ambiguous(typed.trim(), [first, ...others]);
}

const show = (id: string): NextAction => ({ kind: 'run-command', label: 'Show this one', command: `./freshet show ${id}` });

function ambiguous(typed: string, ids: readonly string[]): FreshetError {
  return new FreshetError('config_error', {
    code: 'run-ambiguous',
    message: `${counted(ids.length, 'run')} begin or end with ${typed}`,
    remedy: 'Give more of the id.',
    next: ids.slice(0, MOST_LISTED).map(show),
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
    next: [...(meant === undefined ? [] : [show(meant)]), { kind: 'run-command', label: 'List the runs', command: './freshet history' }],
  });
}
