import { lockTable } from '../database/advisory-lock';
import type { Database, Tx } from '../database/database';
import { ident } from '../database/identifier';
import { FreshetError } from '../domain/errors';
import type { StageContext } from '../observability/stage-context';
import { WHOLE_ROW } from './conflict';
import type { Target } from './mapping/mapping';
import { companionName } from './typed-table';

/** What a person decided about a conflict. */
export type Decision = { readonly take: 'source' | 'target' } | { readonly take: 'value'; readonly value: string | null };

export interface Resolution {
  readonly id: string;
  readonly decision: Decision;
  readonly actor: string;
}

/** When a decision shows in the table. */
export type Shows = 'at_once' | 'next_run';

interface Conflict {
  readonly id: string;
  readonly pipeline: string;
  readonly entity: string;
  readonly record_id: string;
  readonly field: string;
  readonly base_value: string | null;
  readonly source_value: string | null;
  readonly target_value: string | null;
  readonly state: 'open' | 'decided' | 'resolved' | 'moot';
  readonly decision: string | null;
  readonly actor: string | null;
  readonly ended_at: string | null;
  readonly run_id: string;
}

interface Place {
  readonly id: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly Target[];
}

/**
 * Carries out what a person decided, at once: target and base in one transaction under the table's lock. A conflict that a strategy decided
 * can be decided otherwise while nobody changed the field since. What the decision overwrites is kept in the conflict. Errors:
 * `validation_error` code `conflict-settled` where somebody was first, `conflict-pinned`, `conflict-value`; `config_error` code `conflict-unknown`. Answers with when it shows: a row that is to come back is published by the next run.
 */
export function resolveConflict(db: Database, { id, decision, actor }: Resolution, ctx: StageContext): Promise<Shows> {
  return db.transaction({ site: 'publish.resolve', ctx, lockTimeoutMs: 60_000 }, async (tx) => {
    // Not locked yet: publish has the table's lock first, too, and would wait for us as we for it.
    const conflict = await readConflict(tx, id);
    const [place] = await tx.query<{ [Name in keyof Place]: Place[Name] }>(
      `select id, schema, "table", columns from freshet.published_table where pipeline = $1 and entity = $2`,
      [conflict.pipeline, conflict.entity],
    );
    if (place === undefined) throw unknown(id);
    await lockTable(tx, place.schema, place.table);
    const now = await readConflict(tx, id, 'for update');
    if (now.state === 'resolved' || now.state === 'moot') throw settled(now);
    await tx.query(`select set_config('freshet.publishing', 'on', true)`);
    const deciding = { conflict: now, decision };
    const shows = now.field === WHOLE_ROW ? await resolveRow(tx, place, deciding) : await resolveField(tx, place, deciding);
    await tx.query(
      `update freshet.conflict set state = 'resolved', decision = $2, value = $3, actor = $4, ended_at = now() where id = $1`,
      [id, decision.take, decision.take === 'value' ? decision.value : null, actor],
    );
    return shows;
  });
}

async function readConflict(tx: Tx, id: string, locking: '' | 'for update' = ''): Promise<Conflict> {
  const [row] = await tx.query<{ [Name in keyof Conflict]: Conflict[Name] }>(
    `select id, pipeline, entity, record_id, field, base_value, source_value, target_value, state, decision, actor, ended_at, run_id
       from freshet.conflict where id = $1 ${locking}`,
    [id],
  );
  if (row === undefined) throw unknown(id);
  return row;
}

interface Deciding {
  readonly conflict: Conflict;
  readonly decision: Decision;
}

/** Whichever side is taken, the source's value has been seen: only its next change is a conflict again (decision 0018). */
async function resolveField(tx: Tx, place: Place, { conflict, decision }: Deciding): Promise<Shows> {
  const type = place.columns.find(({ name }) => name === conflict.field)?.type;
  if (type === undefined) throw unknown(conflict.id);
  await refusePinned(tx, conflict);
  const side: Side = { typed: ident(place.schema, place.table), companion: companionName(place.id), field: ident(conflict.field), type };
  const held = await readHeld(tx, side, conflict);
  if (conflict.state === 'decided') await refuseOvertaken(tx, conflict, held);
  if (held.target === undefined && decision.take === 'source') return republish(tx, place, conflict);
  // What a strategy overwrote is not in the target any more: taking it means to write it back.
  if (decision.take !== 'target' || conflict.state === 'decided') await writeField(tx, place, { conflict, decision, side, held });
  await tx.query(`update ${side.companion} set ${side.field} = $2::${type} where freshet_id = $1`, [
    conflict.record_id,
    conflict.source_value,
  ]);
  if (conflict.state === 'decided') await offerAgain(tx, conflict);
  return 'at_once';
}

interface Side {
  readonly typed: string;
  readonly companion: string;
  readonly field: string;
  readonly type: string;
}

/** What both tables hold now, as text; `target` is undefined where there is no row. */
interface Held {
  readonly target: string | null | undefined;
  readonly as_left: boolean;
}

/** `as_left`: the target and what we last wrote are what the strategy's decision made them, or what an override that ended since pinned. */
async function readHeld(tx: Tx, { typed, companion, field, type }: Side, conflict: Conflict): Promise<Held> {
  const { record_id: record, decision, base_value: base, source_value: source, target_value: target } = conflict;
  const left = decision === 'source' ? [source, source] : [base, target];
  const [row] = await tx.query<{ target: string | null; as_left: boolean }>(
    `select t.${field}::text as target,
            (b.${field} is not distinct from $2::${type} and t.${field} is not distinct from $3::${type})
              or exists (select from freshet.publish_override o
                          where o.pipeline = $4 and o.entity = $5 and o.record_id = $1 and o.field = $6 and o.ended_at is not null
                            and b.${field}::text is not distinct from o.value and t.${field}::text is not distinct from o.value) as as_left
       from ${typed} t left join ${companion} b on b.freshet_id = t.source_id where t.source_id = $1 for update of t`,
    [record, ...left, conflict.pipeline, conflict.entity, conflict.field],
  );
  return row ?? { target: undefined, as_left: false };
}

/** Values of long ago would be written over newer ones, and nothing would ever notice. */
async function refuseOvertaken(tx: Tx, conflict: Conflict, { as_left: asLeft }: Held): Promise<void> {
  const newer = await tx.query(
    `select from freshet.conflict where pipeline = $1 and entity = $2 and record_id = $3 and field in ($4, '') and id > $5 limit 1`,
    [conflict.pipeline, conflict.entity, conflict.record_id, conflict.field, conflict.id],
  );
  if (!asLeft || newer.length > 0) throw overtaken(conflict);
}

interface Writing extends Deciding {
  readonly side: Side;
  readonly held: Held;
}

/** The conflict keeps what is overwritten: somebody may have edited the row since it was found. */
async function writeField(tx: Tx, place: Place, { conflict, decision, side, held }: Writing): Promise<void> {
  if (held.target === undefined) throw rowGone(conflict, place);
  const { typed, field, type } = side;
  const value = decision.take === 'value' ? decision.value : decision.take === 'source' ? conflict.source_value : conflict.target_value;
  const set = `${field} = $2::${type}, updated_at = now()${decision.take === 'source' ? '' : ', edited_at = now()'}`;
  await tx.query(`update ${typed} set ${set} where source_id = $1`, [conflict.record_id, value]).catch((error: unknown) => {
    throw decision.take === 'value' ? unfit(conflict, { value, type }, error) : error;
  });
  if (conflict.state === 'open') await tx.query(`update freshet.conflict set target_value = $2 where id = $1`, [conflict.id, held.target]);
}

/** The next publish would write the pinned value over whatever is decided. */
async function refusePinned(tx: Tx, conflict: Conflict): Promise<void> {
  const [pin] = await tx.query<{ id: string; actor: string }>(
    `select id, actor from freshet.publish_override
      where pipeline = $1 and entity = $2 and record_id = $3 and field = $4 and ended_at is null and (expires_at is null or expires_at > now())`,
    [conflict.pipeline, conflict.entity, conflict.record_id, conflict.field],
  );
  if (pin !== undefined) throw pinned(conflict, pin);
}

/**
 * A row that one side deleted. Taken from the source, it is published anew, or removed, with the next run; the target's side stays until the
 * source changes the record again.
 */
async function resolveRow(tx: Tx, place: Place, { conflict, decision }: Deciding): Promise<Shows> {
  if (decision.take === 'value') throw unfit(conflict, { value: decision.value, type: 'row' }, undefined);
  if (decision.take === 'target') return 'at_once';
  if (conflict.source_value === 'deleted') {
    await tx.query(`delete from ${ident(place.schema, place.table)} where source_id = $1`, [conflict.record_id]);
    await tx.query(`update ${companionName(place.id)} set freshet_state = 'deleted' where freshet_id = $1`, [conflict.record_id]);
    return 'at_once';
  }
  return republish(tx, place, conflict);
}

/** A row that is gone comes back: nothing counts as written by us any more, and the next run publishes its record. */
async function republish(tx: Tx, place: Place, conflict: Conflict): Promise<Shows> {
  const cleared = place.columns.map(({ name }) => `${ident(name)} = null`).join(', ');
  await tx.query(`update ${companionName(place.id)} set freshet_state = 'none', ${cleared} where freshet_id = $1`, [conflict.record_id]);
  await offerAgain(tx, conflict);
  return 'next_run';
}

/** The next run looks at the record, changed or not: the source may have gone back since the conflict was written down. */
async function offerAgain(tx: Tx, conflict: Conflict): Promise<void> {
  await tx.query(
    `insert into freshet.publish_pending (pipeline, entity, run_id, record_id, kind) values ($1, $2, $3, $4, 'override')
         on conflict (pipeline, entity, record_id) do nothing`,
    [conflict.pipeline, conflict.entity, conflict.run_id, conflict.record_id],
  );
}

function unknown(id: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'conflict-unknown',
    message: `There is no conflict ${id} that could be decided`,
    remedy: 'Take the number from the list that `./freshet conflicts list` prints.',
    retryable: false,
  });
}

function settled({ id, state, decision, actor, ended_at: at }: Conflict): FreshetError {
  const who = actor ?? 'publishing';
  return new FreshetError('validation_error', {
    code: 'conflict-settled',
    message:
      state === 'moot'
        ? `Conflict ${id} is none any more: both sides agree since ${at ?? 'a while'}`
        : `Conflict ${id} was decided by ${who} before you: ${decision ?? ''} (${at ?? ''})`,
    remedy: `Nothing was written. See what stands now with \`./freshet conflicts show ${id}\`; to change the row again, edit it in its table.`,
    facts: { id, actor: who },
    retryable: false,
  });
}

function pinned({ id, field }: Conflict, pin: { readonly id: string; readonly actor: string }): FreshetError {
  return new FreshetError('config_error', {
    code: 'conflict-pinned',
    message: `${field} is pinned by ${pin.actor}, so what is decided of conflict ${id} would not last`,
    remedy: `Nothing was written. Remove the override first: \`./freshet overrides remove ${pin.id}\`.`,
    facts: { id },
    retryable: false,
  });
}

function unfit(
  { id, field }: Conflict,
  { value, type }: { readonly value: string | null; readonly type: string },
  cause: unknown,
): FreshetError {
  return new FreshetError('validation_error', {
    code: 'conflict-value',
    message:
      type === 'row'
        ? `Conflict ${id} is about a whole row: it takes no value`
        : `${JSON.stringify(value)} does not fit ${field}, which is ${type}`,
    remedy: 'Nothing was written. Take the source’s side or the target’s, or give another value.',
    facts: { id },
    retryable: false,
    cause,
  });
}

function overtaken({ id, field }: Conflict): FreshetError {
  return new FreshetError('validation_error', {
    code: 'conflict-settled',
    message: `Conflict ${id} is over: ${field} of this row was changed again after the strategy had decided`,
    remedy: `Nothing was written. \`./freshet conflicts show ${id}\` has the values of then; to change the row, edit it in its table.`,
    facts: { id },
    retryable: false,
  });
}

function rowGone({ id, record_id: record }: Conflict, { schema, table }: Place): FreshetError {
  return new FreshetError('validation_error', {
    code: 'conflict-settled',
    message: `Conflict ${id}: ${schema}.${table} has no row of record ${record} any more, so it takes no value`,
    remedy: `Nothing was written. \`./freshet conflicts resolve ${id} --take source\` brings the row back with the next run; taking the target leaves it deleted.`,
    facts: { id },
    retryable: false,
  });
}
