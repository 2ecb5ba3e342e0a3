import fc from 'fast-check';
import { narrowPlan, planFault, planOrder, type Plan } from '../../src/domain/plan';

const node = (entity: string, dependsOn: string[] = [], priority: 'high' | 'medium' | 'low' = 'medium'): Plan[number] => ({
  entity,
  dependsOn,
  priority,
});

/** Plans without circles: every entity may depend on those before it. */
const plans = fc
  .array(fc.record({ picks: fc.array(fc.nat(), { maxLength: 3 }), priority: fc.constantFrom('high', 'medium', 'low') }), { maxLength: 8 })
  .map((rows) =>
    rows.map(({ picks, priority }, index) =>
      node(`e${index}`, index === 0 ? [] : [...new Set(picks.map((pick) => `e${pick % index}`))], priority as 'high'),
    ),
  );

describe('the plan of a run', () => {
  it('orders every entity once, behind all it depends on', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const order = planOrder([...plan].reverse()).map(({ entity }) => entity);
        expect([...order].sort()).toEqual(plan.map(({ entity }) => entity).sort());
        for (const { entity, dependsOn } of plan)
          for (const upstream of dependsOn) expect(order.indexOf(upstream)).toBeLessThan(order.indexOf(entity));
      }),
    );
  });

  it('starts the high priorities first among the ready', () => {
    expect(planOrder([node('low', [], 'low'), node('late', ['low'], 'high'), node('high', [], 'high')]).map((one) => one.entity)).toEqual([
      'high',
      'low',
      'late',
    ]);
  });

  it('names a dependency that leads nowhere, and a circle', () => {
    expect(planFault([node('a', ['b'])])).toEqual({ kind: 'unknown', entity: 'a', missing: 'b' });
    expect(planFault([node('a', ['c']), node('b', ['a']), node('c', ['b'])])).toEqual({ kind: 'cycle', path: ['a', 'c', 'b', 'a'] });
    fc.assert(fc.property(plans, (plan) => expect(planFault(plan)).toBeNull()));
  });

  it('narrowed, drops dependencies on what is left out', () => {
    expect(narrowPlan([node('a'), node('b', ['a'])], ['b'])).toEqual([node('b')]);
  });
});
