import { liveView } from '../../../src/client/live/live-view';
import type { LiveRun } from '../../../src/client/live/live-facts';
import { expectGolden } from './golden';
import { completed, contacts, entity, failing, going, mixed, run, waiting } from './runs';

interface Surroundings {
  readonly json?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Announced before anything is shown. */
  readonly pipelines?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Everything that a view writes for these readings of a run. */
function written(readings: readonly LiveRun[], surroundings: Surroundings = {}): string {
  const { json = false, isTTY = false, columns = 200, pipelines = [], env = {} } = surroundings;
  let text = '';
  const stream = { isTTY, columns, rows: 24, write: (more: string) => void (text += more) };
  const view = liveView({ out: { json }, stream, env: { LANG: 'C.UTF-8', ...env }, verbose: false });
  view.announce(pipelines);
  for (const reading of readings) view.show(reading);
  view.close();
  return text;
}

const beginning = run([entity({ entity: 'contacts' }), entity({ entity: 'items' })], { state: 'starting' });
const later = (given: LiveRun, second: number): LiveRun => ({ ...given, now: `2026-11-22T14:01:${second}.000000Z` });

describe('into a pipe', () => {
  it('goes a line for each change, and neither colours nor cursor codes', () => {
    const text = written([beginning, going, going, waiting, failing, mixed]);
    expectGolden('piped', text);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('nothing is said twice, and counts alone only every three seconds', () => {
    const more = (fetched: number): LiveRun => run([{ ...contacts, state: 'extracting', completed_at: null, fetched }]);
    const lines = written([later(more(1), 10), later(more(1), 11), later(more(2), 12), later(more(3), 13)]).split('\n');
    expect(lines.filter((line) => line.startsWith('contacts'))).toEqual([
      expect.stringContaining(' 1 record,'),
      expect.stringContaining(' 3 records,'),
    ]);
  });

  it('each line names its pipeline where several are watched, and none where it is one', () => {
    const square = run([{ ...contacts, entity: 'orders' }], {
      id: 'other',
      pipeline: 'square',
      state: 'completed',
      completed_at: completed.completed_at,
    });
    const lines = written([failing, square, completed], { pipelines: ['zoho-books', 'square'] })
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => !/^(zoho-books|square    ) /.test(line) && !line.startsWith('square completed in'))).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/^square {5}orders {7}completed /));
    expect(lines).toContainEqual(expect.stringMatching(/^zoho-books {3}do {3}Check ZOHO_BOOKS_REFRESH_TOKEN/));
    expect(written([failing, completed], { pipelines: ['zoho-books'] })).toBe(written([failing, completed]));
  });

  it('the remedy follows the first error at once', () => {
    const lines = written([failing]).split('\n');
    const place = lines.findIndex((line) => /^contacts +failed/.test(line));
    expect(lines.slice(place + 1, place + 3)).toEqual([
      '  code zoho-credentials-refused',
      expect.stringMatching(/^ {2}do {3}Check ZOHO_BOOKS_REFRESH_TOKEN/),
    ]);
  });

  it('the tally closes it', () => {
    expect(written([completed])).toMatch(
      /^zoho-books completed in 6\.0 s: 3 entities \(3 completed\), 1,781 records fetched, 1,779 inserted, 1 updated$/m,
    );
  });

  it('colours come with FORCE_COLOR, and not when NO_COLOR forbids them', () => {
    expect(written([completed], { env: { FORCE_COLOR: '1' } })).toContain('\u001b[32mcompleted');
    expect(written([completed], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).not.toContain('\u001b');
    expect(written([completed], { env: { FORCE_COLOR: '1' } })).not.toMatch(/\u001b\[\d*[A-KJ]/);
  });
});

describe('on a terminal', () => {
  it('the picture is drawn again in its place', () => {
    const text = written([going, completed], { isTTY: true });
    expect(text.match(/\u001b\[\d+A/g)!.length).toBeGreaterThan(0);
    expect(text).toContain('\u001b[32m✓ ');
  });

  it('a line from elsewhere stands above the picture, which follows it whole', () => {
    let text = '';
    const stream = { isTTY: true, columns: 80, rows: 24, write: (more: string) => void (text += more) };
    const view = liveView({ out: { json: false }, stream, env: { NO_COLOR: '1' }, verbose: false });
    view.show(going);
    text = '';
    view.note('warn: the disk is nearly full\n');
    // Back to the top of the picture, the rest erased, the line, the picture.
    expect(text).toMatch(/^\r\u001b\[\d+A\u001b\[Jwarn: the disk is nearly full\n/);
    expect(text).toContain('4 entities: ');
  });

  it('NO_COLOR leaves the signs', () => {
    const text = written([mixed], { isTTY: true, env: { NO_COLOR: '1' } });
    expect(text).not.toMatch(/\u001b\[\d+m/);
    for (const sign of ['✗', '⚠', 'ℹ']) expect(text).toContain(sign);
  });

  it('FORCE_COLOR=0 takes the colours away', () => {
    expect(written([mixed], { isTTY: true, env: { FORCE_COLOR: '0' } })).not.toMatch(/\u001b\[\d+m/);
  });

  it.each([[{ TERM: 'dumb' }], [{ TERM: 'dumb', NO_COLOR: '1' }]])('that is dumb (%j) gets lines in ASCII', (env) => {
    expect(written([going, waiting, failing, mixed], { isTTY: true, env })).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it.each([30, 44, 79])('that is dumb and %i columns wide gets lines broken between words, and no word less', (columns) => {
    const readings = [going, waiting, failing, mixed];
    const surroundings = { isTTY: true, env: { TERM: 'dumb' } };
    const narrow = written(readings, { ...surroundings, columns });
    const tooWide = narrow.split('\n').filter((line) => line.length > columns);
    expect(tooWide.filter((line) => line.trim().includes(' '))).toEqual([]);
    expect(narrow.split(/\s+/)).toEqual(written(readings, surroundings).split(/\s+/));
    expect(narrow.split('\n').length).toBeGreaterThan(written(readings, surroundings).split('\n').length);
  });

  it('with --json there are lines, as in a pipe', () => {
    expect(written([going, completed], { isTTY: true, json: true, env: { NO_COLOR: '1' } })).toBe(written([going, completed]));
  });

  it('that speaks no UTF-8 gets the picture in ASCII', () => {
    const text = written([mixed], { isTTY: true, env: { LANG: 'C', NO_COLOR: '1' } });
    expect(text.replaceAll(/\u001b\[[\dA-Z]*[A-Z]/g, '')).toMatch(/^[\x20-\x7e\n\r]+$/);
  });
});
