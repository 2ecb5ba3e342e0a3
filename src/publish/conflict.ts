import type { Tx } from '../database/database';
import { ident } from '../database/identifier';
import type { ChunkJob } from './chunk';
import { DECISION } from './merge-field';
import { IS_ROW, staged, strategyOf, type MergeShape } from './merge-sql';

export interface ConflictsOfChunk {
  readonly job: ChunkJob;
  readonly shape: MergeShape;
  readonly asks: boolean;
  readonly decided: boolean;
}

/** The row as a whole, in `freshet.conflict.field`. */
export const WHOLE_ROW = '';

/** Writes down what a strategy decided and what waits for a person, before the rows are written; what is no conflict any more is moot. */
export async function writeConflicts(tx: Tx, { job, shape, asks, decided }: ConflictsOfChunk): Promise<void> {
  const { pipeline, entity, runId, target } = job.scope.input;
  await tx.query(mootSql(shape), [pipeline, entity, runId]);
  for (const [place, { name }] of shape.typed.columns.entries()) {
    const strategy = strategyOf(target, name);
    const values = [pipeline, entity, runId, name, strategy];
    if (asks) await tx.query(openSql(shape, { place, name }), values);
    if (decided) await tx.query(decidedSql(shape, { place, name }), values);
  }
  if (asks) await tx.query(openRowSql(shape), [pipeline, entity, runId, WHOLE_ROW, target.strategy]);
}

interface Field {
  readonly place: number;
  readonly name: string;
}

const FROM = ({ typed }: MergeShape): string =>
  `from publish_plan p join publish_stage s on s.seq = p.seq
   left join ${typed.companion} b on b.ctid = p.bid left join ${typed.name} t on ${IS_ROW}`;

const COLUMNS =
  'pipeline, entity, run_id, field, strategy, record_id, unique_value, base_value, source_value, target_value, state, decision';

const ON_OPEN = `on conflict (pipeline, entity, record_id, field) where state = 'open' do update
    set source_value = excluded.source_value, target_value = excluded.target_value, base_value = excluded.base_value`;

function sides(shape: MergeShape, { place, name }: Field): string {
  const key = ident(shape.target.uniqueField);
  const keyPlace = shape.typed.columns.findIndex((column) => column.name === shape.target.uniqueField);
  return `p.id as record_id, coalesce(t.${key}::text, s.${staged(keyPlace)}::text) as unique_value, b.${ident(name)}::text as base_value,
          s.${staged(place)}::text as source_value, t.${ident(name)}::text as target_value`;
}

function openSql(shape: MergeShape, field: Field): string {
  return `insert into freshet.conflict (${COLUMNS})
    select $1, $2, $3, $4, $5, ${sides(shape, field)}, 'open', null ${FROM(shape)}
     where p.what = 'merge' and p.d${field.place} = ${DECISION.ask} ${ON_OPEN}`;
}

/** What a publish decides once more, in the same way about the same values, is written down once. */
function decidedSql(shape: MergeShape, field: Field): string {
  return `insert into freshet.conflict (${COLUMNS}, ended_at)
    select $1, $2, $3, $4, $5, x.*, now()
      from (select ${sides(shape, field)}, 'decided' as state, case p.d${field.place} when ${DECISION.sourceWins} then 'source' else 'target' end as decision
              ${FROM(shape)} where p.what = 'merge' and p.d${field.place} in (${DECISION.sourceWins}, ${DECISION.targetWins})) x
     where not exists (select from freshet.conflict c
                        where c.pipeline = $1 and c.entity = $2 and c.record_id = x.record_id and c.field = $4 and c.state = 'decided'
                          and (c.base_value, c.source_value, c.target_value, c.decision)
                              is not distinct from (x.base_value, x.source_value, x.target_value, x.decision))`;
}

/** The row's own base is the batch that it came with: what was decided of that very record is not asked again. */
function openRowSql(shape: MergeShape): string {
  const key = ident(shape.target.uniqueField);
  return `insert into freshet.conflict (${COLUMNS})
    select $1, $2, $3, $4, $5, p.id, coalesce(t.${key}::text, b.${key}::text), s.batch::text, case when p.gone then 'deleted' else 'changed' end,
           case when p.tid is null then 'deleted' else 'edited' end, 'open', null ${FROM(shape)}
     where p.what = 'asks'
       and not exists (select from freshet.conflict c
                        where c.pipeline = $1 and c.entity = $2 and c.record_id = p.id and c.field = $4 and c.state = 'resolved' and c.base_value = s.batch::text)
     ${ON_OPEN}`;
}

/** Open conflicts of rows in which nothing is left to be decided. */
export async function endConflicts(tx: Tx, { scope }: ChunkJob): Promise<void> {
  const { pipeline, entity, runId } = scope.input;
  await tx.query(
    `update freshet.conflict c set state = 'moot', ended_at = now(), run_id = $3 from publish_row p
      where c.pipeline = $1 and c.entity = $2 and c.state = 'open' and c.record_id = p.id and p.kind <> 'other'`,
    [pipeline, entity, runId],
  );
}

/** Open conflicts of rows that this chunk judged otherwise. */
function mootSql(shape: MergeShape): string {
  const still = shape.typed.columns.map(
    ({ name }, place) => `when '${name.replaceAll("'", "''")}' then p.what = 'merge' and p.d${place} = ${DECISION.ask}`,
  );
  return `update freshet.conflict c set state = 'moot', ended_at = now(), run_id = $3 from publish_plan p
     where c.pipeline = $1 and c.entity = $2 and c.state = 'open' and c.record_id = p.id and p.verdict is null
       and not (case c.field ${still.join(' ')} when '' then p.what = 'asks' else false end)`;
}
