import fc from 'fast-check';
import { checkLedger, LEDGER_COLUMNS, type Ledger } from '../../src/domain/ledger';

const zero = Object.fromEntries(LEDGER_COLUMNS.map((name) => [name, 0])) as unknown as Ledger;
const count = fc.nat({ max: 50 });

/** Ledgers that add up, from their free parts. */
const whole = fc
  .record({
    known: count,
    vanished: count,
    undetailed: count,
    fetched: count,
    remaining: count,
    resumed: count,
    inserted: count,
    updated: count,
    revived: count,
  })
  .chain((parts) =>
    fc
      .record({
        unchanged: count,
        stale: count,
        duplicate: count,
        rejected: count,
        live: count,
        lines: count,
        added: count,
        unloaded_after: count,
      })
      .map((more): Ledger => {
        const landed = parts.inserted + parts.updated + parts.revived + more.unchanged + more.stale + more.duplicate + more.rejected;
        const listed = parts.known + parts.vanished + parts.undetailed + parts.fetched + parts.remaining - parts.resumed;
        return {
          ...zero,
          ...parts,
          listed,
          landed,
          unchanged: more.unchanged,
          stale: more.stale,
          duplicate: more.duplicate,
          rejected: more.rejected,
          unloaded_after: more.unloaded_after,
          unloaded_before: landed + more.unloaded_after - parts.fetched,
          live_before: more.live,
          live_after: more.live + parts.inserted + parts.revived,
          lines_before: more.lines,
          lines_added: more.added,
          lines_after: more.lines + more.added,
        };
      }),
  );

describe('the ledger', () => {
  it('accepts what adds up', () => {
    fc.assert(fc.property(whole, (ledger) => expect(checkLedger(ledger, false)).toEqual([])));
  });

  it('notices one record too many or too few, in whichever column', () => {
    const inEquations = LEDGER_COLUMNS.filter((name) => name !== 'found_late');
    fc.assert(
      fc.property(whole, fc.constantFrom(...inEquations), fc.constantFrom(-1, 1), (ledger, column, off) => {
        expect(checkLedger({ ...ledger, [column]: ledger[column] + off }, false).length).toBeGreaterThan(0);
      }),
    );
  });

  it('does not let a complete extraction end with something left', () => {
    expect(checkLedger({ ...zero, listed: 1, remaining: 1 }, false)).toEqual([]);
    expect(checkLedger({ ...zero, listed: 1, remaining: 1 }, true).map(({ name }) => name)).toEqual(['complete']);
  });
});
