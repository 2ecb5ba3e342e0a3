import fc from 'fast-check';
import { ENTITY_STATES, exitCodeOf, FINAL_ENTITY_STATES, FINAL_RUN_STATES, runOutcome, type EntityOutcome } from '../../src/domain/run';
import { joinKey, runId } from '../../src/domain/ids';

const entity = (state: EntityOutcome['state'], more: Partial<EntityOutcome> = {}): EntityOutcome => ({
  state,
  doubt: false,
  freshUntil: false,
  ...more,
});

describe('the verdict over a run', () => {
  it.each([
    ['completed when every entity is', [entity('completed'), entity('completed')], false, 'completed'],
    ['completed when all are fresh enough', [entity('skipped', { freshUntil: true })], false, 'completed'],
    ['failed when none completed and one failed', [entity('failed'), entity('skipped')], false, 'failed'],
    ['failed before cancelled when none completed', [entity('failed'), entity('cancelled')], true, 'failed'],
    ['cancelled by request', [entity('completed'), entity('cancelled')], true, 'cancelled'],
    ['partial when one failed and one is good', [entity('completed'), entity('failed')], false, 'partial'],
    ['partial when one is held', [entity('completed'), entity('held')], false, 'partial'],
    ['partial when one waited for an upstream', [entity('completed'), entity('skipped')], false, 'partial'],
    ['partial before doubtful', [entity('completed', { doubt: true }), entity('failed')], false, 'partial'],
    ['doubtful on any doubt', [entity('completed', { doubt: true }), entity('completed')], false, 'doubtful'],
  ] as const)('is %s', (_name, entities, cancelled, verdict) => expect(runOutcome(entities, cancelled)).toBe(verdict));

  it('is completed only when nothing is missing and nothing is doubted', () => {
    const any = fc.record({ state: fc.constantFrom(...ENTITY_STATES), doubt: fc.boolean(), freshUntil: fc.boolean() });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), fc.boolean(), (entities, cancelled) => {
        const good = entities.every(
          ({ state, doubt, freshUntil }) => !doubt && (state === 'completed' || (state === 'skipped' && freshUntil)),
        );
        expect(runOutcome(entities, cancelled) === 'completed').toBe(!cancelled && good);
      }),
    );
  });

  it('has the exit codes of the contract', () => {
    expect((['completed', 'failed', 'cancelled', 'partial', 'doubtful'] as const).map(exitCodeOf)).toEqual([0, 1, 1, 3, 4]);
  });

  it('knows its final states', () => {
    expect(FINAL_RUN_STATES).toEqual(['completed', 'doubtful', 'partial', 'failed', 'cancelled', 'skipped']);
    expect(FINAL_ENTITY_STATES).toEqual(['completed', 'failed', 'held', 'skipped', 'cancelled']);
  });
});

describe('ids', () => {
  it('make a run id from the database’s clock and eight hex digits', () => {
    expect(runId('20250802202733', 'sync', '765151e9')).toBe('202508022027-SYNC-765151E9');
    expect(() => runId('20250802202733', 'sync', 'xyz')).toThrow(RangeError);
  });

  it('join keys so that different parts never make the same text', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '|', '%', '7', 'C', '2', '5') });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), fc.array(part, { minLength: 1, maxLength: 3 }), (a, b) => {
        expect(joinKey(a) === joinKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});
