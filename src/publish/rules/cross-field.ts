import type { COMPARISONS, PublishRuleOf } from '../../config/schema/publish-rule';
import { doesNotFit } from '../mapping/does-not-fit';
import type { Check, Question } from './check';
import { orderOf, type Order } from './comparing';

type Comparison = (typeof COMPARISONS)[number];

const HOLDS: Readonly<Record<Comparison, (difference: number) => boolean>> = {
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '=': (difference) => difference === 0,
  '!=': (difference) => difference !== 0,
  '>=': (difference) => difference >= 0,
  '>': (difference) => difference > 0,
};

/** Compares two targets of the same row; not where one of them has no value. Texts are only the same or not. */
export function crossField({ compare, other: name }: PublishRuleOf<'cross_field'>, { plan, slot, path }: Question): Check {
  const other = plan.slot(name, `${path}.other`);
  const [left, right] = [orderFor(slot.type), orderFor(other.type)];
  if (left.kind !== right.kind)
    throw doesNotFit(path, `${slot.name} is ${slot.type} and ${name} is ${other.type}: they cannot be compared`);
  if (left.kind === 'texts' && compare !== '=' && compare !== '!=') {
    throw doesNotFit(`${path}.compare`, `${slot.type} is the same or not (= or !=), and has no order`);
  }
  const holds = HOLDS[compare];
  return {
    expected: `${compare} ${name}`,
    holds: (cell, cells) => {
      const against = cells[other.at];
      if (against === null || against === undefined || against === '') return true;
      const [a, b] = [left.key(cell), right.key(against)];
      return a !== null && b !== null && holds(left.compare(a, b));
    },
  };

  function orderFor(type: typeof slot.type): Order {
    // Numbers in texts are read where a range asks for them; two texts are just texts.
    return orderOf(type === 'text' ? 'jsonb' : type, plan.surroundings.zone);
  }
}
