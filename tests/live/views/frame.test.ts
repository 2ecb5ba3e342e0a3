import fc from 'fast-check';
import { frame } from '../../../src/client/live/frame';
import type { LiveRun } from '../../../src/client/live/live-facts';
import { plain, rendered } from '../../../src/client/live/look';
import { widthOf } from '../../../src/client/live/width';
import { ENTITY_STATES, RUN_STATES } from '../../../src/domain/run';
import { expectGolden } from './golden';
import { completed, entity, failing, going, mixed, run, waiting } from './runs';

const AT = 0;
const NO_COLOUR = { colour: false, unicode: true };

const picture = (given: LiveRun, columns: number, verbose = false): string =>
  frame([given], { size: { columns, rows: 40 }, at: AT, verbose })
    .map((line) => `${rendered(line, NO_COLOUR)}\n`)
    .join('');

describe('the picture of a run without colours', () => {
  it.each([80, 120, 40])('at %i columns, in each of its stages', (columns) => {
    const stages = { going, waiting, failing, completed, mixed };
    const text = Object.entries(stages).map(([name, stage]) => `== ${name}\n${picture(stage, columns)}`);
    expectGolden(`frame-${columns}`, text.join('\n'));
  });

  it('shows every count when asked for details', () => {
    expectGolden('frame-verbose-80', picture(completed, 80, true));
    expect(picture(completed, 80)).not.toContain('landed 580');
  });

  it('is ASCII alone where the terminal knows nothing else, line by line as wide', () => {
    for (const stage of [going, waiting, failing, mixed]) {
      for (const line of frame([stage], { size: { columns: 80, rows: 40 }, at: AT, verbose: true })) {
        const ascii = rendered(line, { colour: false, unicode: false });
        expect(ascii).toMatch(/^[\x20-\x7e]*$/);
        expect(ascii).toHaveLength(widthOf(plain(line).trimEnd()));
      }
    }
  });
});

describe('the first error', () => {
  it('stands there with its remedy while the rest goes on', () => {
    const text = picture(failing, 80);
    expect(text).toMatch(/^ {2}✗ contacts \(zoho-credentials-refused\): https/m);
    expect(text).toMatch(/^ {4}→ Check ZOHO_BOOKS_REFRESH_TOKEN/m);
    expect(text).toContain('2/4 load');
  });

  it('is the one that came first, whatever its place in the plan', () => {
    const failed = (name: string, second: string) =>
      entity({ entity: name, state: 'failed', error_message: `${name} broke`, completed_at: `2026-11-22T14:01:${second}.000000Z` });
    expect(picture(run([failed('later', '09'), failed('earlier', '03')]), 80)).toMatch(/^ {2}✗ earlier: earlier broke$/m);
  });
});

describe('a terminal that is too low', () => {
  const many = run([
    ...Array.from({ length: 60 }, (_, n) => entity({ entity: `done-${n}`, state: 'completed' as const })),
    entity({
      entity: 'broken',
      state: 'failed',
      error_message: 'it broke',
      error_remedy: 'mend it',
      completed_at: '2026-11-22T14:01:02.000000Z',
    }),
    entity({ entity: 'moving', state: 'extracting', started_at: '2026-11-22T14:01:00.000000Z' }),
  ]);

  it('shows what failed and what moves, and says how much it leaves out', () => {
    const lines = frame([many], { size: { columns: 80, rows: 10 }, at: AT, verbose: false }).map(plain);
    expect(lines).toHaveLength(10);
    const text = lines.join('\n');
    for (const words of [/broken +failed/, /moving +1\/4 extract/, /… 57 more/, /mend it/, /62 entities: ✓ 60 completed/])
      expect(text).toMatch(words);
  });
});

describe('any facts', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 120 }), fc.string({ unit: 'binary', maxLength: 60 }));
  const maybe = fc.option(text, { nil: null });
  const number = fc.oneof(fc.constant(0), fc.nat(9), fc.nat(2 ** 31 - 1));
  const instant = fc.option(
    fc.date({ min: new Date('2026-11-22'), max: new Date('2026-12-01'), noInvalidDate: true }).map((date) => date.toISOString()),
    { nil: null },
  );
  const anyEntity = fc
    .record({
      entity: text,
      state: fc.constantFrom(...ENTITY_STATES),
      dependsOn: fc.array(text, { maxLength: 3 }),
      doubts: fc.array(fc.record({ message: text }), { maxLength: 2 }),
      held_reason: maybe,
      skipped_reason: maybe,
      error_code: maybe,
      error_message: maybe,
      error_remedy: maybe,
      wait_reason: maybe,
      wait_until: instant,
      started_at: instant,
      completed_at: instant,
      rate: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: null }),
      pages: number,
      fetched: number,
      remaining: number,
      listed: number,
      inserted: number,
    })
    .map((given) => entity(given));
  const anyRun = fc
    .record({
      pipeline: text,
      state: fc.constantFrom(...RUN_STATES),
      error_message: maybe,
      wait_reason: maybe,
      wait_until: instant,
      completed_at: instant,
      entities: fc.array(anyEntity, { maxLength: 12 }),
    })
    .map(({ entities, ...given }) => run(entities, given));

  it('make no line wider than the terminal, and not more lines than it has', () => {
    fc.assert(
      fc.property(
        fc.array(anyRun, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 9, max: 60 }),
        fc.boolean(),
        (runs, columns, rows, verbose) => {
          const lines = frame(runs, { size: { columns, rows }, at: AT, verbose });
          expect(Math.max(0, ...lines.map((line) => widthOf(plain(line))))).toBeLessThanOrEqual(columns);
          expect(lines.length).toBeLessThanOrEqual(rows);
        },
      ),
      { numRuns: 150 },
    );
  });
});
