import { closest } from '../../config/closest';
import type { PublishRule } from '../../config/schema/publish-rule';
import { doesNotFit } from '../mapping/does-not-fit';
import { shown } from '../mapping/findings';
import type { Unique } from '../mapping/mapping';
import type { RowPlan, Slot, Step } from '../mapping/row-plan';
import type { Check, Question, RowRuleName } from './check';
import { oneOfValues } from './one-of';
import { RULES } from './registry';

type RowRule = Extract<PublishRule, { rule: RowRuleName }>;

/** Adds the rules that a row can break by itself, in the order of the file; they see the finished row. */
export function addRules(plan: RowPlan, rules: readonly PublishRule[]): void {
  for (const [index, rule] of rules.entries()) {
    const path = `validation_rules.${index}`;
    const slot = target(plan, rule.field, `${path}.field`);
    if (rule.rule === 'unique' || rule.rule === 'foreign_key') continue;
    // Each takes the rule of its own name; the compiler does not see that the two go together.
    const make = RULES[rule.rule] as (rule: RowRule, question: Question) => Check;
    const asked = asks(rule, slot, make(rule, { plan, slot, path }));
    plan.steps.push(rule.when === undefined ? asked : onlyWhen(plan, rule.when, `${path}.when`, asked));
  }
}

/** Rules that need the other rows of the table. */
export function uniqueColumns(rules: readonly PublishRule[]): readonly Unique[] {
  return rules.flatMap(({ rule, field, severity, error_message: message = null }) =>
    rule === 'unique' ? [{ field, severity, message }] : [],
  );
}

function target(plan: RowPlan, name: string, path: string): Slot {
  const names = plan.slots.map((slot) => slot.name);
  if (!names.includes(name)) throw doesNotFit(path, `${name} is no target of this mapping`, closest(name, names));
  return plan.slot(name, path);
}

function asks({ rule, severity, error_message: own }: RowRule, { at, name }: Slot, { expected, holds, wantsValue }: Check): Step {
  return (_source, cells, { findings }) => {
    const cell = cells[at];
    if (cell === null || cell === undefined || cell === '') {
      if (wantsValue === true) findings.add({ rule, field: name, severity, message: own ?? `${name} is empty` });
    } else if (!holds(cell, cells)) {
      const message = own ?? (wantsValue === true ? `${name} is empty` : `${name} is ${shown(cell)}, not ${expected}`);
      findings.add({ rule, field: name, severity, value: cell, message });
    }
  };
}

function onlyWhen(plan: RowPlan, when: NonNullable<RowRule['when']>, path: string, asked: Step): Step {
  const slot = target(plan, when.field, `${path}.field`);
  const isMeant = oneOfValues(when.is, { plan, slot, path: `${path}.is` });
  return (source, cells, row) => {
    if (isMeant(cells[slot.at])) asked(source, cells, row);
  };
}
