import { pipelineFileSchema } from '../../src/config/schema/pipeline-file';
import { entitySwitchedOff } from '../../src/config/switches';
import { chooseDateColumn, DATE_FIELDS, MASTER_ENTITIES, type DateChoice } from '../../src/verify/freshness/date-column';
import { fileLimits, pipelineLimits } from '../../src/verify/freshness/limit';
import { recommendation, type Situation } from '../../src/verify/freshness/recommendation';
import { ageOf, daysOld, FRESHNESS_STATUSES, isWrong, statusOf, type TableFacts } from '../../src/verify/freshness/status-of';

const HOUR_MS = 3_600_000;
const NOW = new Date('2027-03-28T12:00:00Z');
const column = { kind: 'column', by: 'order', field: 'date', column: 'date', type: 'date' } as const satisfies DateChoice;

describe('the status of a table', () => {
  const good: TableFacts = {
    off: null,
    asOf: '2027-03-28T11:00:00.000000Z',
    filledBy: 'read',
    age: HOUR_MS,
    maxAge: 24 * HOUR_MS,
    made: true,
    trouble: null,
    hasRows: true,
    choice: column,
    dateFault: null,
    newest: '2027-03-20',
    newestMaxAge: null,
  };
  const cases: readonly [string, Partial<TableFacts>, string, string | RegExp][] = [
    ['read in time, with dates', {}, 'fresh', ''],
    ['of master data', { choice: { kind: 'master' }, newest: null }, 'fresh', ''],
    ['whose dates are old, for which nobody set how old they may be', { newest: '2019-01-01' }, 'fresh', ''],
    ['exactly as old as it may be', { age: 24 * HOUR_MS }, 'fresh', ''],
    ['read too long ago', { age: 25 * HOUR_MS }, 'stale', 'last read 25 h ago, at most 24 h are allowed'],
    ['loaded from files too long ago', { age: 25 * HOUR_MS, filledBy: 'load' }, 'stale', /^last loaded 25 h ago/],
    [
      'whose newest date is older than somebody allowed',
      { newestMaxAge: 72 * HOUR_MS },
      'stale',
      /^the newest date is 2027-03-20, 7\.5 d ago/,
    ],
    ['whose newest date is just as old as allowed', { newest: '2027-03-27', newestMaxAge: 12 * HOUR_MS }, 'fresh', ''],
    ['without a living row', { hasRows: false, newest: null }, 'empty', /no row/],
    ['that nothing was ever stored in', { made: false, age: null }, 'missing', /does not exist/],
    ['that is gone although it was filled', { made: false }, 'missing', /although it was filled/],
    ['that no read ever filled', { age: null }, 'never', 'no read of it ever came to its end'],
    ['that no file was loaded into', { age: null, filledBy: 'load' }, 'never', 'no file was ever loaded into it'],
    ['whose dates are all null', { newest: null }, 'no_dates', 'date is null in every row'],
    ['without a date column', { choice: { kind: 'none', wished: null } }, 'no_date_column', /no column/],
    ['without the column that the file names', { choice: { kind: 'none', wished: 'posted' } }, 'no_date_column', 'it has no field posted'],
    ['whose column holds no dates', { dateFault: 'date is bigint' }, 'date_error', 'date is bigint'],
    ['that cannot be read', { trouble: 'permission denied', age: null, made: false }, 'error', 'permission denied'],
    ['that nobody set a limit for', { maxAge: null }, 'unwatched', 'nobody set a limit'],
    [
      'that is switched off, however old it is',
      { off: 'Source till', age: 999 * HOUR_MS, trouble: 'permission denied' },
      'off',
      'Source till is switched off; its rows show the source as of 2027-03-28 11:00 UTC',
    ],
    [
      'that is switched off and was never read',
      { off: 'Entity bills of books', asOf: null, age: null, made: false },
      'off',
      'Entity bills of books is switched off; it was never read',
    ],
  ];

  it.each(cases)('%s', (_, facts, status, why) => {
    const judged = statusOf({ ...good, ...facts }, NOW);
    expect(judged.status).toBe(status);
    expect(judged.why).toEqual(typeof why === 'string' ? why : expect.stringMatching(why));
  });

  it('is each of its words in some case', () => {
    expect(new Set(cases.map(([, , status]) => status))).toEqual(new Set(FRESHNESS_STATUSES));
  });

  it('is something to stop for unless only dates cannot be told, nobody set a limit, or a person wants it so', () => {
    expect(FRESHNESS_STATUSES.filter((status) => !isWrong(status))).toEqual(['fresh', 'no_dates', 'no_date_column', 'unwatched', 'off']);
  });

  it('names what is too old before what is empty: both are wrong, and the first is why nobody knows the second', () => {
    expect(statusOf({ ...good, age: 25 * HOUR_MS, hasRows: false }, NOW).status).toBe('stale');
  });

  it('counts days in UTC: today is 0 old until it is over, what is still to come is negative', () => {
    expect([daysOld('2027-03-28', NOW), daysOld('2027-03-27T23:59:59Z', NOW), daysOld('2027-04-01', NOW)]).toEqual([0, 1, -4]);
    expect([ageOf('2027-03-28', NOW), ageOf('2027-03-27', NOW), ageOf('2027-03-28T11:00:00Z', NOW)]).toEqual([0, 12 * HOUR_MS, HOUR_MS]);
  });
});

describe('the date column of a table', () => {
  const field = (name: string, column = name.toLowerCase()) => ({ field: name, column, type: 'date' });
  const chosen = (entity: string, names: readonly string[], said: { dateField?: string; master?: boolean } = {}) =>
    chooseDateColumn({ entity, fields: names.map((name) => field(name)), dateField: said.dateField ?? null, master: said.master ?? null });

  it.each([
    ['invoices', ['created_time', 'last_modified_time', 'due_date', 'date'], 'date'],
    ['bills', ['created_time', 'bill_date', 'invoice_date'], 'bill_date'],
    ['deliveries', ['created_time', 'delivery_date'], 'delivery_date'],
    ['gadgets', ['created_time', 'updated_at', 'last_modified_time'], 'last_modified_time'],
    ['gadgets', ['CreatedAt', 'name'], 'CreatedAt'],
    ['orders', ['OrderDate', 'Modified'], 'OrderDate'],
  ])('of %s with fields %j is %s', (entity, names, expected) => {
    expect(chosen(entity, names)).toMatchObject({ kind: 'column', by: 'order', field: expected });
  });

  it('is the earlier in the order, whichever the table has first', () => {
    for (const [place, name] of DATE_FIELDS.entries())
      expect(chosen('things', [...DATE_FIELDS.slice(place)].reverse())).toMatchObject({ field: name });
  });

  it('is the one that the pipeline file names, by field or by column, of master data too', () => {
    expect(chosen('items', ['date', 'Posted'], { dateField: 'Posted' })).toMatchObject({ by: 'pipeline file', column: 'posted' });
    expect(chosen('bills', ['date', 'Posted'], { dateField: 'posted' })).toMatchObject({ by: 'pipeline file', field: 'Posted' });
    expect(chosen('bills', ['date'], { dateField: 'posted' })).toEqual({ kind: 'none', wished: 'posted' });
  });

  it('is not applicable to master data, by the list or by the pipeline file', () => {
    for (const entity of [...MASTER_ENTITIES, 'chart_of_accounts']) expect(chosen(entity, ['date'])).toEqual({ kind: 'master' });
    expect(chosen('gadgets', ['date'], { master: true })).toEqual({ kind: 'master' });
    expect(chosen('items', ['date'], { master: false })).toMatchObject({ kind: 'column', field: 'date' });
  });

  it('is none where no field is known to be one', () => {
    expect(chosen('gadgets', ['name', 'due_date'])).toEqual({ kind: 'none', wished: null });
  });
});

describe('the limit of a table', () => {
  const limitOf = (pipeline: object, inSettings?: number) =>
    pipelineLimits(pipelineFileSchema.parse({ name: 'p', source: 's', entities: { invoices: {} }, ...pipeline }), inSettings).entities.get(
      'invoices',
    )?.limit ?? null;
  const limit = (hours: number, from: string, alarm: number = hours) => ({ maxAge: hours * HOUR_MS, from, alarmAfter: alarm * HOUR_MS });
  const schedule = { every: '15m' };

  it.each([
    ['a daily schedule', { frequency: 'daily', time: '02:00' }, limit(24, 'schedule', 26)],
    ['every 15 minutes', { every: '15m' }, limit(0.5, 'schedule')],
    ['every 24 hours', { every: '24h' }, limit(48, 'schedule')],
    ['an hourly one', { frequency: 'hourly' }, limit(2, 'schedule')],
    ['a weekly one', { frequency: 'weekly' }, limit(14 * 24, 'schedule')],
    ['a cron expression', { cron: '0 2 * * *' }, limit(24, 'schedule', 26)],
  ])('follows from %s', (_, words, expected) => {
    expect(limitOf({ schedule: words })).toEqual(expected);
  });

  it('is the nearest that somebody wrote: entity, pipeline, settings', () => {
    const entities = { invoices: { freshness: { max_age: '1h' } } };
    const freshness = { max_age: '2h' };
    expect(limitOf({ schedule, freshness, entities }, 3 * HOUR_MS)).toEqual(limit(1, 'entity'));
    expect(limitOf({ schedule, freshness }, 3 * HOUR_MS)).toEqual(limit(2, 'pipeline'));
    expect(limitOf({ schedule }, 3 * HOUR_MS)).toEqual(limit(3, 'settings'));
    expect(limitOf({ freshness })).toEqual(limit(2, 'pipeline'));
  });

  it.each([
    ['{}', {}],
    ['a date_field of master data', { master: true, date_field: 'date' }],
    ['an unknown key', { max_age: '1h', maximum: 1 }],
  ])('is no freshness of an entity: %s', (_, freshness) => {
    expect(pipelineFileSchema.safeParse({ name: 'p', source: 's', entities: { invoices: { freshness } } }).success).toBe(false);
  });

  it('is none where nothing runs by itself and the pipeline file says nothing', () => {
    expect(limitOf({}, 3 * HOUR_MS)).toBeNull();
  });

  it('is none of what is switched off, by the entity or by what is around it, also for dates and for tables that the file does not name', () => {
    const file = { name: 'p', source: 's', entities: { invoices: { enabled: false, freshness: { newest_max_age: '1d' } }, bills: {} } };
    const pipeline = pipelineFileSchema.parse({ ...file, freshness: { max_age: '1h' } });
    const path = 'config/pipelines/p.yaml';
    const entity = (name: string) => entitySwitchedOff(pipeline, name, path);
    const { entities, otherwise } = pipelineLimits(pipeline, undefined, { pipeline: null, entity });
    const off = { kind: 'entity', what: 'Entity invoices of p', key: 'entities.invoices.enabled', file: path };
    expect(entities.get('invoices')).toMatchObject({ limit: null, newestMaxAge: null, off });
    expect([entities.get('bills'), otherwise.off]).toMatchObject([{ limit: limit(1, 'pipeline'), off: null }, null]);
    const around = { kind: 'source', what: 'Source s', key: 's.enabled', file: 'config/sources.yaml' } as const;
    const all = pipelineLimits(pipeline, undefined, { pipeline: around, entity });
    expect([all.entities.get('invoices'), all.entities.get('bills'), all.otherwise]).toMatchObject([
      { limit: null, off: around },
      { limit: null, off: around },
      { limit: null, off: around },
    ]);
  });

  it('of tables loaded from files is a day, without an alarm unless the settings say so', () => {
    expect(fileLimits(undefined).otherwise.limit).toEqual({ ...limit(24, 'files'), alarmAfter: null });
    expect(fileLimits(3 * HOUR_MS).otherwise.limit).toEqual(limit(3, 'settings'));
  });

  it('of tables loaded from files is that of their pipeline file, where there is one, also for entities that it does not name', () => {
    const file = {
      name: 'json2db',
      source: 'json-files',
      entities: { bills: { freshness: { max_age: '1h' } }, orders: { freshness: { master: true } } },
    };
    const { entities, otherwise } = fileLimits(3 * HOUR_MS, pipelineFileSchema.parse({ ...file, freshness: { max_age: '2h' } }));
    expect(entities.get('bills')).toMatchObject({ limit: limit(1, 'entity') });
    expect(entities.get('orders')).toMatchObject({ limit: limit(2, 'pipeline'), master: true });
    expect(otherwise.limit).toEqual(limit(2, 'pipeline'));
    expect(fileLimits(undefined, pipelineFileSchema.parse(file)).entities.get('orders')?.limit).toEqual({
      ...limit(24, 'files'),
      alarmAfter: null,
    });
  });
});

describe('what is recommended', () => {
  const at: Situation = {
    status: 'stale',
    pipeline: 'books',
    entity: 'bills',
    table: 'zoho.json_bills',
    filledBy: 'read',
    filled: true,
    choice: column,
    oldDates: false,
    activeRun: null,
    failedRun: null,
    lastGoodRun: 'R0',
    sqlstate: null,
    watch: null,
    off: null,
  };

  it.each<[string, Partial<Situation>, string]>([
    ['a stale table is read again', {}, './freshet run books --entity bills'],
    ['a stale table whose run failed: first see why', { failedRun: 'R1' }, './freshet show R1'],
    ['a stale table that is being read: follow', { activeRun: 'R2' }, './freshet follow R2'],
    ['a stale table of files is loaded again', { filledBy: 'load', pipeline: 'json2db' }, './freshet load'],
    ['old dates: look in the source', { oldDates: true }, 'whether it has newer bills'],
    ['old dates of files: look at who wrote them', { oldDates: true, filledBy: 'load' }, 'see what wrote them'],
    ['a table that was never filled', { status: 'never', filled: false }, './freshet run books --entity bills'],
    ['a missing table that was never read', { status: 'missing', filled: false }, './freshet run books --entity bills'],
    ['a missing table of a source without records', { status: 'missing' }, 'comes with the first'],
    ['a missing table of files', { status: 'missing', filledBy: 'load' }, './freshet load'],
    ['an empty table', { status: 'empty' }, './freshet show R0'],
    ['an empty table without a good run', { status: 'empty', lastGoodRun: null }, './freshet history'],
    ['unreadable dates', { status: 'date_error' }, 'config/pipelines/books.yaml'],
    ['unreadable dates of files', { status: 'date_error', filledBy: 'load' }, 'load them again'],
    ['no dates', { status: 'no_dates' }, 'date_field'],
    ['no date column', { status: 'no_date_column' }, '{ master: true }'],
    ['a table we may not read', { status: 'error', sqlstate: '42501' }, 'grant select on zoho.json_bills'],
    ['a table that somebody holds', { status: 'error', sqlstate: '55P03' }, 'ask again'],
    ['a table that takes too long', { status: 'error', sqlstate: '57014' }, 'create index on zoho.json_bills (date)'],
    ['any other trouble', { status: 'error', sqlstate: '42703' }, './freshet verify --deep'],
    [
      'a table that is switched off',
      {
        status: 'off',
        off: { kind: 'entity', what: 'Entity bills of books', key: 'entities.bills.enabled', file: 'config/pipelines/books.yaml' },
      },
      'To have it back, take `entities.bills.enabled: false` out of config/pipelines/books.yaml.',
    ],
    ['a table without limit', { status: 'unwatched', watch: 'Write a limit.' }, 'Write a limit.'],
  ])('%s', (_, other, said) => {
    expect(recommendation({ ...at, ...other })).toContain(said);
  });

  it('nothing for a fresh table', () => {
    expect(recommendation({ ...at, status: 'fresh' })).toBe('');
  });
});
