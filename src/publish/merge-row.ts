import type { Cell } from './mapping/mapping';
import { DECISION, mergeField, WRITES_TARGET, type MergedField } from './merge-field';
import { STRATEGIES, type StrategyName } from '../domain/strategies/registry';
import type { Difference } from '../domain/strategies/strategy';

/** What a row's base is: never written, or taken over by another record · written · flagged or removed by us. */
export type BaseState = 'none' | 'live' | 'deleted';
export type DeletePolicy = 'flag' | 'delete' | 'keep';
export type Outcome = 'created' | 'updated' | 'restored' | 'deleted' | 'unchanged' | 'skipped' | 'conflict';
export type Act = 'insert' | 'update' | 'flag' | 'delete' | null;

/** A record beside what is known of it. Cells by place; all lists are equally long. */
export interface RowSides {
  /** The source deleted it (softly, in the raw table). */
  readonly gone: boolean;
  readonly source: readonly Cell[];
  readonly base: { readonly state: BaseState; readonly cells: readonly (string | null)[] };
  /** `null`: there is no such row in the target. */
  readonly target: { readonly flagged: boolean; readonly cells: readonly (string | null)[] } | null;
  readonly pins?: readonly (string | null | undefined)[];
  readonly at: Difference;
  /** Rows of other tables refer to the target's row: it cannot be removed yet. */
  readonly referenced?: boolean;
}

export interface RowPolicy {
  /** Of the row as a whole. */
  readonly strategy: StrategyName;
  /** Of each field, by place. */
  readonly strategies: readonly StrategyName[];
  readonly deletes: DeletePolicy;
  readonly updateExisting: boolean;
}

export interface MergedRow {
  readonly act: Act;
  readonly outcome: Outcome;
  readonly base: RowSides['base'];
  readonly target: RowSides['target'];
  /** Places of the fields that wait for a person; `row`: the row as a whole does. */
  readonly open: readonly (number | 'row')[];
}

/** The three-way merge of one row (decision 0018, "per row"); `merge-sql.ts` says the same in SQL, and a test compares the two. */
export function mergeRow(sides: RowSides, policy: RowPolicy): MergedRow {
  if (sides.gone) return mergeGone(sides, policy);
  if (sides.target === null) return mergeMissing(sides, policy);
  if (!policy.updateExisting) return cameBack(sides, sides.target);
  return mergePresent(sides, sides.target, policy);
}

function left({ base, target }: RowSides, outcome: Outcome, state: BaseState = base.state): MergedRow {
  return { act: null, outcome, base: { ...base, state }, target, open: [] };
}

/** The row of a record that came back lives again; its fields are nobody's to update. */
function cameBack(sides: RowSides, target: NonNullable<RowSides['target']>): MergedRow {
  if (sides.base.state !== 'deleted' || !target.flagged) return left(sides, 'skipped');
  return { ...left(sides, 'restored', 'live'), act: 'update', target: { ...target, flagged: false } };
}

function asking(sides: RowSides): MergedRow {
  return { ...left(sides, 'conflict'), open: ['row'] };
}

function mergeGone(sides: RowSides, { deletes, strategy }: RowPolicy): MergedRow {
  const { base, target, referenced = false } = sides;
  if (base.state === 'none') return left(sides, 'skipped');
  const gone = { ...base, state: 'deleted' as const };
  const removed: MergedRow = { act: 'delete', outcome: 'deleted', base: gone, target: null, open: [] };
  const edited = target?.cells.some((cell, place) => cell !== base.cells[place]) === true;
  if (base.state === 'deleted') {
    // Flagged while others referred to it, or under another policy.
    return deletes === 'delete' && target?.flagged === true && !referenced && !edited ? removed : left(sides, 'unchanged');
  }
  if (target === null) return left(sides, 'unchanged', 'deleted');
  if (deletes === 'keep') return left(sides, 'skipped');
  if (deletes === 'delete' && !referenced) {
    if (!edited) return removed;
    const verdict = STRATEGIES[strategy].decide(UNDATED);
    if (verdict !== 'source') return verdict === 'target' ? left(sides, 'unchanged') : asking(sides);
    // Flagged: removed, what a person wrote would be nowhere any more.
  }
  if (target.flagged) return left(sides, 'unchanged', 'deleted');
  return { act: 'flag', outcome: 'deleted', base: gone, target: { ...target, flagged: true }, open: [] };
}

/** Nobody knows when a row was deleted. */
const UNDATED: Difference = { sourceAt: null, targetAt: null };

/** No row in the target: a new record, one that came back, or one that a person deleted. */
function mergeMissing(sides: RowSides, { strategy }: RowPolicy): MergedRow {
  const { base, source } = sides;
  if (base.state === 'live') {
    if (source.every((cell, place) => cell === undefined || cell === base.cells[place])) return left(sides, 'unchanged');
    const verdict = STRATEGIES[strategy].decide(UNDATED);
    if (verdict === 'target') return left(sides, 'unchanged');
    if (verdict === 'ask') return asking(sides);
  }
  const cells = source.map((cell, place) => {
    const pin = sides.pins?.[place];
    return pin !== undefined ? pin : cell === undefined ? base.cells[place]! : cell;
  });
  const outcome = base.state === 'deleted' ? 'restored' : 'created';
  return { act: 'insert', outcome, base: { state: 'live', cells }, target: { flagged: false, cells }, open: [] };
}

function mergePresent(sides: RowSides, target: NonNullable<RowSides['target']>, { strategies }: RowPolicy): MergedRow {
  const { base, source, pins, at } = sides;
  const fields = source.map((cell, place): MergedField => {
    const pin = pins?.[place];
    const sidesOf = { base: base.cells[place]!, source: cell, target: target.cells[place]!, ...(pin === undefined ? {} : { pin }) };
    return mergeField(sidesOf, strategies[place]!, at);
  });
  const restored = base.state === 'deleted' && target.flagged;
  const written = fields.some(({ decision, target: value }, place) => WRITES_TARGET.includes(decision) && value !== target.cells[place]);
  const open = fields.flatMap(({ decision }, place) => (decision === DECISION.ask ? [place] : []));
  return {
    act: restored || written ? 'update' : null,
    outcome: restored ? 'restored' : open.length > 0 ? 'conflict' : written ? 'updated' : 'unchanged',
    base: { state: 'live', cells: fields.map((field) => field.base) },
    target: { flagged: target.flagged && !restored, cells: fields.map((field) => field.target) },
    open,
  };
}
