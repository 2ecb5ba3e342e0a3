import fc from 'fast-check';
import type { Plan } from '../../src/domain/plan';
import { skippedReason } from '../../src/domain/skipped';
import { failedUpstream, nextToBegin, type Standing } from '../../src/workflows/start-order';

const names = (plan: Plan, standings: Record<string, Standing>, parallel: number): string[] =>
  nextToBegin(plan, new Map(Object.entries(standings)), parallel).map(({ entity }) => entity);

const node = (entity: string, dependsOn: string[] = [], priority: 'high' | 'medium' | 'low' = 'medium') => ({
  entity,
  dependsOn,
  priority,
});

describe('which entities begin', () => {
  it('are the ready ones, high priority first, up to the free slots', () => {
    const plan = [node('low', [], 'low'), node('high', [], 'high'), node('medium')];
    expect(names(plan, { low: 'waiting', high: 'waiting', medium: 'waiting' }, 2)).toEqual(['high', 'medium']);
    expect(names(plan, { low: 'waiting', high: 'working', medium: 'working' }, 2)).toEqual([]);
  });

  it('extract ahead of an upstream at work only in slots that no ready one takes', () => {
    const plan = [node('contacts', [], 'high'), node('invoices', ['contacts'], 'high'), node('items', [], 'low')];
    const standings = { contacts: 'working', invoices: 'waiting', items: 'waiting' } as const;
    expect(names(plan, standings, 2)).toEqual(['items']);
    expect(names(plan, standings, 3)).toEqual(['items', 'invoices']);
  });

  it('never include one whose upstream has not begun', () => {
    const plan = [node('invoices', ['contacts'], 'high'), node('contacts', [], 'low')];
    expect(names(plan, { invoices: 'waiting', contacts: 'waiting' }, 9)).toEqual(['contacts']);
  });

  it.each(['failed', 'held', 'skipped', 'cancelled'] as const)(
    'include the doomed below an upstream that is %s, even without a free slot',
    (state) => {
      const plan = [node('contacts'), node('invoices', ['contacts']), node('other')];
      expect(names(plan, { contacts: state, invoices: 'waiting', other: 'working' }, 1)).toEqual(['invoices']);
    },
  );

  it('count an upstream outside a narrowed run as met', () => {
    expect(names([node('invoices', ['contacts'])], { invoices: 'waiting' }, 1)).toEqual(['invoices']);
  });
});

/** Plans without circles: an entity depends only on ones with a smaller number. */
const anyPlan = fc
  .array(
    fc.record({
      upstreams: fc.array(fc.nat(20), { maxLength: 3 }),
      priority: fc.constantFrom('high' as const, 'medium' as const, 'low' as const),
    }),
    {
      minLength: 1,
      maxLength: 20,
    },
  )
  .map((rows) =>
    rows.map(({ upstreams, priority }, index): Plan[number] => ({
      entity: `e${index}`,
      dependsOn: [...new Set(upstreams.filter((upstream) => upstream < index).map((upstream) => `e${upstream}`))],
      priority,
    })),
  );

it('every plan comes to its end with any number of slots, whatever fails, in whatever order entities end', () => {
  fc.assert(
    fc.property(anyPlan, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(1000)), (plan, parallel, dice) => {
      const standings = new Map<string, Standing>(plan.map(({ entity }) => [entity, 'waiting']));
      const draw = (): number => dice.next().value;
      for (let step = 0; [...standings.values()].some((standing) => standing === 'waiting' || standing === 'working'); step++) {
        expect(step).toBeLessThan(200);
        for (const begun of nextToBegin(plan, standings, parallel)) {
          const doomed = failedUpstream(begun, standings) !== null;
          if (!doomed) for (const upstream of begun.dependsOn) expect(standings.get(upstream)).not.toBe('waiting');
          standings.set(begun.entity, doomed ? 'skipped' : 'working');
        }
        const working = plan.filter(({ entity }) => standings.get(entity) === 'working');
        expect(working.length).toBeLessThanOrEqual(parallel);
        // Only one whose upstreams have all ended can end well; the others wait, holding their slot.
        const able = working.filter(({ dependsOn }) => dependsOn.every((name) => standings.get(name) !== 'working'));
        const ending = able[draw() % Math.max(1, able.length)];
        if (ending) standings.set(ending.entity, failedUpstream(ending, standings) ? 'skipped' : draw() % 4 === 0 ? 'failed' : 'completed');
      }
      for (const { entity, dependsOn } of plan) {
        const sound = dependsOn.every((name) => standings.get(name) === 'completed');
        expect([entity, standings.get(entity) === 'skipped']).toEqual([entity, !sound]);
      }
    }),
    { numRuns: 300 },
  );
});

it('the reason of a skip names the upstream and how it ended', () => {
  expect(skippedReason({ entity: 'contacts', state: 'failed' })).toBe('waited for contacts, which failed');
  expect(skippedReason({ entity: 'items', state: 'held' })).toBe('waited for items, which is held');
});
