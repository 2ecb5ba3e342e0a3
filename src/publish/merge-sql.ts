import { ident } from '../database/identifier';
import { DECISION, MOVES_BASE, WRITES_TARGET, type Decision } from './merge-field';
import type { Outcome } from './merge-row';
import type { PublishTarget } from './publish-input';
import { STRATEGIES, type StrategyName } from '../domain/strategies/registry';
import type { TypedTable } from './typed-table';

/** What all statements of a chunk are made from. */
export interface MergeShape {
  readonly typed: TypedTable;
  readonly target: PublishTarget;
  /** Whether any record of the chunk lacks a key of its source; whether any has a pinned field. */
  readonly absent: boolean;
  readonly pinned: boolean;
  /** Full publishes look at rows that were published before. */
  readonly full: boolean;
  /** Records that were put off are tried again. */
  readonly again: boolean;
}

/** A column of the stage: by place, because a target's name may be one of the stage's own. */
export const staged = (place: number): string => `f${place}`;
const decided = (place: number): string => `d${place}`;

export const columnsOf = ({ typed }: MergeShape): { readonly name: string; readonly place: number }[] =>
  typed.columns.map(({ name }, place) => ({ name: ident(name), place }));

const isAbsent = ({ absent }: MergeShape, place: number): string => (absent ? `coalesce(${place} = any (s.absent), false)` : 'false');
const isPinned = ({ pinned }: MergeShape, place: number): string => (pinned ? `coalesce(${place} = any (s.pinned), false)` : 'false');
const list = (decisions: readonly Decision[]): string => decisions.join(', ');

const VERDICTS = `when 'source' then ${DECISION.sourceWins} when 'target' then ${DECISION.targetWins} else ${DECISION.ask} end`;

/** The merge of one field (`mergeField`), as a smallint. */
function fieldSql(shape: MergeShape, { name, place }: { readonly name: string; readonly place: number }): string {
  const { target, typed } = shape;
  const strategy = strategyOf(target, typed.columns[place]!.name);
  const ask = STRATEGIES[strategy].sql('s.instant', 't.edited_at');
  const source = `s.${staged(place)}`;
  const branches = [
    ...(shape.pinned ? [`when ${isPinned(shape, place)} then ${DECISION.pin}`] : []),
    ...(shape.absent ? [`when ${isAbsent(shape, place)} then ${DECISION.keep}`] : []),
    `when ${source} is not distinct from b.${name} then ${DECISION.keep}`,
    `when t.${name} is not distinct from b.${name} then ${DECISION.apply}`,
    `when ${source} is not distinct from t.${name} then ${DECISION.agree}`,
  ];
  return `(case ${branches.join(' ')} else case ${ask} ${VERDICTS} end)::smallint`;
}

export function strategyOf(target: PublishTarget, field: string): StrategyName {
  return Object.hasOwn(target.strategies, field) ? target.strategies[field]! : target.strategy;
}

const any = (conditions: readonly string[]): string => (conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`);

/** The plan of a chunk's other rows (`row-kinds.ts`): one row a record, with what is done to the row and to each field (`mergeRow`). */
export function planSql(shape: MergeShape): string {
  const { typed } = shape;
  const columns = columnsOf(shape);
  const moved = any(columns.map(({ name, place }) => `(not ${isAbsent(shape, place)} and s.${staged(place)} is distinct from b.${name})`));
  const edited = any(columns.map(({ name }) => `t.${name} is distinct from b.${name}`));
  const pinMoves = columns.map(({ place }) => `(x.${decided(place)} = ${DECISION.pin} and x.p${place})`);
  const pins = shape.pinned
    ? columns.map(({ name, place }) => `, s.${staged(place)} is distinct from t.${name} as p${place}`).join('')
    : '';
  const writes = any([
    ...columns.map(({ place }) => `x.${decided(place)} in (${DECISION.apply}, ${DECISION.sourceWins})`),
    ...(shape.pinned ? pinMoves : []),
  ]);
  const movesBase = any(columns.map(({ place }) => `x.${decided(place)} in (${list(MOVES_BASE)})`));
  const asks = any(columns.map(({ place }) => `x.${decided(place)} = ${DECISION.ask}`));
  // `offset 0`: else each use of a decision would be the decision made once more.
  return `
    create temporary table publish_plan on commit drop as
    select y.*, ${ACT} as act, ${outcomeSql(shape)} as outcome, ${STATE} as state
      from (select x.*, ${writes} as writes, ${movesBase} as moves_base, ${asks} as asks, ${caseSql(shape)} as what
              from (select s.seq, s.id, s.batch, s.gone, s.verdict, t.ctid as tid, b.ctid as bid,
                           coalesce(b.freshet_state, 'none') as held, coalesce(b.freshet_batch, 0) as held_batch,
                           t.deleted_at is not null as flagged, t.ctid is null and ${moved} as moved, s.gone and ${edited} as edited${pins},
                           ${columns.map((column) => `${fieldSql(shape, column)} as ${decided(column.place)}`).join(', ')}
                      from publish_row r
                      join publish_stage s on s.seq = r.seq
                      left join ${typed.companion} b on b.freshet_id = s.id
                      left join ${typed.name} t on t.source_id = s.id
                     where r.kind = 'other' offset 0) x offset 0) y`;
}

/** Who decides about a row as a whole: nobody knows when a row was deleted, so nothing is dated. */
function rowVerdict({ target }: MergeShape): 'source' | 'target' | 'ask' {
  return STRATEGIES[target.strategy].decide({ sourceAt: null, targetAt: null });
}

/** Which of the ways of decision 0018 a row goes. */
function caseSql(shape: MergeShape): string {
  const { deletes, updateExisting } = shape.target;
  const rowWay = { source: 'create', target: 'stays', ask: 'asks' }[rowVerdict(shape)];
  const flagging = `case when x.flagged then 'flagged' else 'flag' end`;
  // Removed, what a person wrote would be nowhere any more.
  const editedWay = { source: flagging, target: `'stays'`, ask: `'asks'` }[rowVerdict(shape)];
  const deleting = {
    keep: `'kept'`,
    flag: flagging,
    delete: `case when x.id in (select id from publish_referenced) then ${flagging} when x.edited then ${editedWay} else 'remove' end`,
  }[deletes];
  // Flagged while others referred to it, or under another policy.
  const later =
    deletes !== 'delete'
      ? ''
      : `when x.held = 'deleted' and x.flagged and not x.edited and x.id not in (select id from publish_referenced) then 'remove' `;
  const gone = `case when x.held = 'none' then 'never' ${later}when x.held = 'deleted' then 'stays' when x.tid is null then 'flagged' else ${deleting} end`;
  const missing = `case when x.held = 'live' and not x.moved then 'stays' when x.held = 'live' then '${rowWay}' else 'create' end`;
  const present = updateExisting ? `'merge'` : `case when x.held = 'deleted' and x.flagged then 'restore' else 'kept' end`;
  return `case when x.verdict is not null then x.verdict ${shape.full ? '' : `when x.held_batch > x.batch then 'stays' `}when x.gone then ${gone} when x.tid is null then ${missing} else ${present} end`;
}

const ACT = `case y.what when 'create' then 'insert' when 'restore' then 'update' when 'flag' then 'flag' when 'remove' then 'delete'
     when 'merge' then case when y.writes or (y.held = 'deleted' and y.flagged) then 'update' end end`;

const OUTCOME_OF: Readonly<Record<string, Outcome>> = {
  never: 'skipped',
  kept: 'skipped',
  stays: 'unchanged',
  flagged: 'unchanged',
  flag: 'deleted',
  remove: 'deleted',
  asks: 'conflict',
  restore: 'restored',
};

/** What waits as before is not counted again. */
function outcomeSql({ again, target }: MergeShape): string {
  const waits = `when y.gone and y.what = 'stays' and y.held = 'deleted' and y.id in (select id from publish_referenced) then null `;
  const plain = Object.entries(OUTCOME_OF).map(([what, outcome]) => `when '${what}' then '${outcome}'`);
  const outcome = `case y.what ${plain.join(' ')} when 'create' then case when y.held = 'deleted' then 'restored' else 'created' end
     when 'merge' then case when y.held = 'deleted' and y.flagged then 'restored' when y.asks then 'conflict' when y.writes then 'updated' else 'unchanged' end
     else y.what end`;
  return again && target.deletes === 'delete' ? `case ${waits}else ${outcome} end` : outcome;
}

/** What the row's base becomes. */
const STATE = `case y.what when 'create' then 'live' when 'restore' then 'live' when 'merge' then 'live' when 'flag' then 'deleted' when 'flagged' then 'deleted'
     when 'remove' then 'deleted' else y.held end`;

/** The value that a decision writes into the target. */
function written({ name, place }: { readonly name: string; readonly place: number }): string {
  return `${name} = case when p.what = 'merge' and p.${decided(place)} in (${list(WRITES_TARGET)}) then s.${staged(place)} else t.${name} end`;
}

/**
 * The typed row `t` that was planned for `p`. Its place alone is not enough: where a person moved the row meanwhile, PostgreSQL may have given the
 * place to another one. `is not distinct from`: no index is to be asked where the place leads to the row.
 */
export const IS_ROW = 't.ctid = p.tid and t.source_id is not distinct from p.id';

export const removeSql = ({ typed }: MergeShape): string =>
  `delete from ${typed.name} t using publish_plan p where p.act = 'delete' and ${IS_ROW}`;

export const flagSql = ({ typed }: MergeShape): string =>
  `update ${typed.name} t set deleted_at = now(), updated_at = now() from publish_plan p where p.act = 'flag' and ${IS_ROW}`;

export const updateSql = (shape: MergeShape): string =>
  `update ${shape.typed.name} t set ${columnsOf(shape).map(written).join(', ')}, updated_at = now(),
          deleted_at = case when p.held = 'deleted' then null else t.deleted_at end
     from publish_plan p join publish_stage s on s.seq = p.seq where p.act = 'update' and ${IS_ROW}`;

/** A new row has no target to keep: what the source says nothing of is what it once said. */
function fresh(shape: MergeShape, { name, place }: { readonly name: string; readonly place: number }): string {
  return shape.absent
    ? `case when ${isAbsent(shape, place)} and not ${isPinned(shape, place)} then b.${name} else s.${staged(place)} end`
    : `s.${staged(place)}`;
}

const FROM_PLAN = (shape: MergeShape): string =>
  `from publish_plan p join publish_stage s on s.seq = p.seq left join ${shape.typed.companion} b on b.ctid = p.bid`;

export const insertSql = (shape: MergeShape): string => {
  const columns = columnsOf(shape);
  return `insert into ${shape.typed.name} (${columns.map(({ name }) => `${name}, `).join('')}source_id)
     select ${columns.map((column) => `${fresh(shape, column)}, `).join('')}p.id ${FROM_PLAN(shape)} where p.act = 'insert'`;
};

function base(shape: MergeShape, column: { readonly name: string; readonly place: number }): string {
  const { name, place } = column;
  return `case when p.act = 'insert' then ${fresh(shape, column)} when p.what = 'merge' and p.${decided(place)} in (${list(MOVES_BASE)}) then s.${staged(place)} else b.${name} end`;
}

/**
 * Rows of the companion that there are; those without any change are left alone. A row that is made anew has nothing in columns that no mapping
 * fills now: else they would count as edited once one fills them again.
 */
export const updateBaseSql = (shape: MergeShape): string =>
  `update ${shape.typed.companion} b set freshet_batch = greatest(p.batch, ${shape.full ? '0' : 'b.freshet_batch'}), freshet_state = p.state,
          ${columnsOf(shape)
            .map((column) => `${column.name} = ${base(shape, column)}`)
            .concat(shape.typed.unfilled.map((name) => `${ident(name)} = case when p.act = 'insert' then null else b.${ident(name)} end`))
            .join(', ')}
     from publish_plan p join publish_stage s on s.seq = p.seq
    where b.ctid = p.bid and (p.held_batch <> p.batch or p.held <> p.state or p.act is not null or (p.what = 'merge' and p.moves_base))`;

export const insertBaseSql = (shape: MergeShape): string => {
  const columns = columnsOf(shape);
  const values = columns.map((column) => `, ${base(shape, column)}`).join('');
  return `insert into ${shape.typed.companion} (freshet_id, freshet_batch, freshet_state${columns.map(({ name }) => `, ${name}`).join('')})
     select p.id, p.batch, p.state${values} ${FROM_PLAN(shape)} where p.bid is null`;
};

/** How many rows went each way, and which decisions there are besides the plain ones. */
export const countsSql = (shape: MergeShape): string => {
  const some = (decisions: readonly Decision[]): string =>
    any(columnsOf(shape).map(({ place }) => `${decided(place)} in (${list(decisions)})`));
  return `select outcome, act, count(*) as n,
                 count(*) filter (where what = 'merge' and ${some([DECISION.sourceWins, DECISION.targetWins])}) as decided,
                 bool_or(what = 'asks' or (what = 'merge' and ${some([DECISION.ask])})) as asks
            from publish_plan group by outcome, act`;
};
