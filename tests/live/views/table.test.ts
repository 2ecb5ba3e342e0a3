import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { alarmsText, withReason } from '../../../src/client/alert-words';
import { widthOf } from '../../../src/client/live/width';
import { errorView } from '../../../src/client/envelope';
import type { ScheduleFacts } from '../../../src/client/schedules/schedule-facts';
import { scheduleListText } from '../../../src/client/schedules/schedule-list';
import { settingsError } from '../../../src/config/mistake';
import { unwatchedText, whyUnwatched } from '../../../src/client/unwatched';
import { NOTHING_EXPECTED } from '../../../src/verify/freshness/limit';
import { queueLine } from '../../../src/client/queue-line';
import { textTable } from '../../../src/client/text-table';
import { counted } from '../../../src/domain/counted';

const COLUMNS = [
  { title: 'entity' },
  { title: 'state' },
  { title: 'fetched', right: true },
  { title: 'rejected', right: true, spare: true },
  { title: 'read' },
];
const ROWS = [
  ['contacts', 'completed', '1,200', '0', 'complete (the source lists this entity only whole)'],
  ['日本の請求書', 'failed', '7', '0', 'changes since 2026-10-01T07:50:16Z'],
];

describe('a table', () => {
  it('into a pipe is as wide as its cells, with every column', () => {
    const [head] = textTable(COLUMNS, ROWS, '', Infinity).split('\n');
    expect(head).toBe('entity        state      fetched  rejected  read');
  });

  it('that is too wide loses the columns that say nothing first', () => {
    expect(textTable(COLUMNS, ROWS, '', 90)).toBe(
      [
        'entity        state      fetched  read',
        'contacts      completed    1,200  complete (the source lists this entity only whole)',
        '日本の請求書  failed           7  changes since 2026-10-01T07:50:16Z',
      ].join('\n'),
    );
  });

  it('then wraps words within their column', () => {
    expect(textTable(COLUMNS, ROWS, '', 60)).toBe(
      [
        'entity        state      fetched  read',
        'contacts      completed    1,200  complete (the source lists',
        '                                  this entity only whole)',
        '日本の請求書  failed           7  changes since',
        '                                  2026-10-01T07:50:16Z',
      ].join('\n'),
    );
  });

  it('and is stacked where that does not help', () => {
    expect(textTable(COLUMNS, ROWS, '', 44)).toBe(
      [
        'contacts',
        '  state completed   fetched 1,200',
        '  read complete (the source lists this',
        '  entity only whole)',
        '日本の請求書',
        '  state failed   fetched 7',
        '  read changes since 2026-10-01T07:50:16Z',
      ].join('\n'),
    );
  });

  it('fits the terminal, whatever stands in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 });
    const row = fc.tuple(cell, cell, cell, cell, cell);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 50, max: 160 }), (rows, columns) => {
        const lines = textTable(COLUMNS, rows, '  ', columns).split('\n');
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 60 },
    );
  });
});

describe('words', () => {
  it('of one thing have no plural', () => {
    expect([counted(1, 'record'), counted(0, 'record'), counted(1, 'entity', 'entities')]).toEqual(['1 record', '0 records', '1 entity']);
  });

  it('come from `counted` wherever a number can be one', () => {
    const src = resolve(__dirname, '../../../src');
    const bare = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('sandbox'))
      .flatMap((file) =>
        [...readFileSync(join(src, file), 'utf8').matchAll(/(?<=\$?)\{([^{}]*)\}\)? (records|rows|pages)\b/g)].map(
          ([text]) => `${file} ${text}`,
        ),
      )
      // Constants are never one.
      .filter((found) => !/\{[A-Z_]+\}/.test(found));
    expect(bare).toEqual([]);
  });
});

describe('below the alarms', () => {
  const notices = {
    count: 2,
    since: '2026-11-22T06:40:12.000Z',
    next_try_at: '2026-11-22T07:15:00.000Z',
    last_error: 'the webhook answered with status 503',
  };
  const told = { open: [], raised: 0, resolved: 0, sent: 0 };

  it('stands how many notices the webhook has not got, since when, why, and what to do', () => {
    const text = alarmsText({ ...told, waiting: withReason(notices, true) });
    expect(text).toContain('No alarm.\n2 notices wait to be sent since 2026-11-22 06:40 UTC: the webhook answered with status 503\n  → ');
    expect(text).toContain('tries again from 2026-11-22 07:15 UTC on');
    expect(text).toContain('FRESHET_ALERTS_WEBHOOK_URL');
  });

  it('stands that no webhook is set, where that is why', () => {
    const text = alarmsText({ ...told, waiting: withReason({ ...notices, count: 1 }, false) });
    expect(text).toContain(
      '1 notice waits to be sent since 2026-11-22 06:40 UTC: no webhook is set any more\n  → Set FRESHET_ALERTS_WEBHOOK_URL',
    );
  });

  it('stands nothing where all of them went out', () => {
    expect(alarmsText({ ...told, waiting: withReason(null, true) })).toBe('No alarm.');
  });
});

describe('a queued request', () => {
  const line = {
    id: 'queued-1a2b3c4d',
    pipeline: 'zoho-books',
    lane: 'sync',
    kind: 'full',
    place: 2,
    asked: 3,
    actor: 'ada',
    command: { full: true, entities: ['contacts', 'items'] },
    created_at: '2026-11-22T06:40:12.000000Z',
  } as const;

  it('tells what it asks for, who asked, since when, and what it waits for', () => {
    expect(queueLine(line, '202611220600-SYNC-1')).toBe(
      '2. queued-1a2b3c4d: full sync of contacts, items; asked for by ada since 2026-11-22 06:40:12 UTC (3 times); waits for 202611220600-SYNC-1 to end',
    );
  });

  it.each([
    ['sync', { full: false }, 'sync of all entities'],
    ['full', { full: true }, 'full sync of all entities'],
    ['backfill', {}, 'backfill of all entities'],
  ] as const)('of kind %s with %j is called a %s', (kind, command, words) => {
    const said = queueLine({ ...line, kind, command, asked: 1 }, null);
    expect(said).toBe(`2. queued-1a2b3c4d: ${words}; asked for by ada since 2026-11-22 06:40:12 UTC; waits for its start`);
  });
});

describe('a table that nobody watches', () => {
  const some = { ...NOTHING_EXPECTED, limit: { maxAge: 3_600_000, from: 'entity', alarmAfter: 3_600_000 } } as const;
  const limits = new Map([
    ['none', { entities: new Map([['items', NOTHING_EXPECTED]]), otherwise: NOTHING_EXPECTED }],
    ['some', { entities: new Map([['contacts', some]]), otherwise: NOTHING_EXPECTED }],
    ['broken', null],
  ]);

  it.each([
    ['none', 'pipeline none has neither a schedule nor a limit of its own', 'freshness: { max_age: 26h }` in config/pipelines/none.yaml'],
    ['some', 'pipeline some sets a limit for other entities only', 'config/pipelines/some.yaml'],
    ['broken', 'the file of pipeline broken cannot be read', './freshet config validate'],
    ['gone', 'there is no pipeline file gone any more', 'nobody fills it'],
  ])('of pipeline %s tells why, and what to do', (pipeline, why, remedy) => {
    const [said, todo] = unwatchedText([{ table: 'books.json_items', ...whyUnwatched(pipeline, limits) }]).split('\n');
    expect(said).toBe(`unwatched: books.json_items: ${why}`);
    expect(todo).toContain(remedy);
  });

  it('shares its reason with the others of its pipeline', () => {
    const both = ['books.json_items', 'books.json_bills'].map((table) => ({ table, ...whyUnwatched('none', limits) }));
    expect(unwatchedText(both)).toMatch(/^unwatched: books\.json_items, books\.json_bills: pipeline none/);
    expect(unwatchedText([])).toBe('');
  });
});

describe('a list of schedules', () => {
  const fact = { timezone: 'UTC', compared: null, paused_since: null, days_left_out: [], mistake: null } as const;
  const mistake = settingsError([
    {
      key: 'schedule.time',
      value: '25:00',
      problem: 'must be a time such as 02:00, and this sentence goes on, '.repeat(6),
      origin: { kind: 'file', file: 'config/pipelines/b.yaml', line: 4, column: 15 },
    },
  ]);

  it('tells below it, whole and line by line, what is wrong with a broken file, with the remedy', () => {
    const good = { ...fact, pipeline: 'a', standing: 'scheduled', times: 'every 15m', next: ['2026-11-22T07:15:00.000Z'], why_not: null };
    const broken = { ...fact, pipeline: 'b', standing: 'file broken', times: null, next: [], why_not: 'its file has a mistake' };
    const said = scheduleListText([good, { ...broken, mistake: errorView(mistake) }] as ScheduleFacts[], (_, __, text) => text);
    const [table, below] = said.split('\n\n');
    expect(table!.split('\n')).toEqual([
      expect.stringMatching(/^pipeline +times +next \(UTC\) +why not$/),
      expect.stringMatching(/^a +every 15m +2026-11-22 07:15$/),
      expect.stringMatching(/^b +– +– +its file has a mistake$/),
    ]);
    expect(below).toContain(
      `b: error settings-invalid: ${mistake.message}\n  where  config/pipelines/b.yaml:4:15\n  do     Correct each of them`,
    );
    expect(below).not.toContain('\\n');
  });

  it('tells beside the times how often the tables are compared with their source', () => {
    const one = { ...fact, pipeline: 'a', standing: 'scheduled', times: 'every 15m', next: [], why_not: null };
    const facts = [
      { every: 7 * 86_400_000, fix: true },
      { every: 86_400_000, fix: false },
    ].map((compared) => ({ ...one, compared }));
    const said = scheduleListText(facts as ScheduleFacts[], (_, __, text) => text).split('\n');
    expect(said.slice(1)).toEqual([
      expect.stringContaining('every 15m; compared every 7d and mended'),
      expect.stringMatching(/every 15m; compared every 1d +–/),
    ]);
  });
});
