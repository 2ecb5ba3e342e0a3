import fc from 'fast-check';
import { cellsOfLine } from '../../src/publish/copy-out';
import type { Cell } from '../../src/publish/mapping/mapping';
import { Staging, type StagedRows } from '../../src/publish/staged-rows';
import { STAGE_OWN, type StagedRow } from '../../src/publish/staged-row';

const text = fc.string({ unit: fc.constantFrom('a', '7', ' ', '\t', '\n', '\r', '\\', 'N', 'ß', '„', '🙂', ''), maxLength: 8 });
const cell: fc.Arbitrary<Cell> = fc.oneof(text, fc.constant(null));
const error = { rule: 'not_empty', field: 'name', severity: 'error' as const, message: 'empty' };

const row: fc.Arbitrary<StagedRow> = fc.record({
  raw: fc.record({
    id: text.filter((id) => id !== ''),
    batch: fc.constantFrom('1', '12'),
    gone: fc.boolean(),
    instant: fc.constantFrom(null, '2026-01-01 00:00:00+00'),
    fetched: fc.constant('2026-01-02 00:00:00+00'),
  }),
  cells: fc.tuple(cell, cell),
  findings: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.constant([error]) }),
  pinned: fc.constantFrom(null, [1]),
});

function stagedIn(rows: readonly StagedRow[], portion: number): StagedRows {
  const staging = new Staging();
  for (let from = 0; from < rows.length; from += portion) staging.add(rows.slice(from, from + portion));
  return staging.take();
}

/** The cells of every line, as PostgreSQL would read them. */
function linesOf({ portions }: StagedRows): (string | null)[][] {
  const whole = portions.map(({ bytes }) => bytes.toString('utf8')).join('');
  return whole.slice(0, -1).split('\n').map(cellsOfLine);
}

/** Down to single records. */
function divided(rows: StagedRows): StagedRows[] {
  return rows.length === 1 ? [rows] : rows.halves().flatMap(divided);
}

it('keeps every record in its order and with its findings, however often a chunk is cut in halves', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (rows, portion) => {
      const staged = stagedIn(rows, portion);
      const parts = divided(staged);
      expect(parts.flatMap(linesOf)).toEqual(linesOf(staged));
      expect(parts.map(({ lastId }) => lastId)).toEqual(rows.map(({ raw }) => raw.id));
      expect(parts.map(({ flawed }) => [...flawed])).toEqual(
        rows.map(({ raw, findings }, seq) =>
          raw.gone || findings.length === 0 ? [] : [[seq, { id: raw.id, verdict: 'rejected', heals: false, findings }]],
        ),
      );
    }),
  );
});

it('writes texts so that PostgreSQL reads the very same, and no cell of a record that is refused', () => {
  fc.assert(
    fc.property(row, (one) => {
      const fields = linesOf(stagedIn([one], 1))[0]!.slice(STAGE_OWN.length);
      expect(fields).toEqual(one.findings.length > 0 && !one.raw.gone ? [null, null] : [...one.cells]);
    }),
  );
});

it('makes a record that PostgreSQL refuses a reject with everything that was found in it', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 6 }), (rows) => {
      const seq = rows.length - 1;
      const last = divided(stagedIn(rows, 3)).at(-1)!;
      const reason = { ...error, rule: 'postgres' };
      const refused = last.refused(reason);
      const { raw, findings } = rows.at(-1)!;
      expect(linesOf(refused)[0]!.slice(STAGE_OWN.length - 1)).toEqual(['rejected', null, null]);
      expect(linesOf(refused)[0]!.slice(0, 3)).toEqual([String(seq), raw.id, raw.batch]);
      expect([...refused.flawed]).toEqual([
        [seq, { id: raw.id, verdict: 'rejected', heals: false, findings: [...(raw.gone ? [] : findings), reason] }],
      ]);
    }),
  );
});
