import type { InputEntry } from '../../src/landing/input-folder';
import { chooseInput, type InputWish } from '../../src/load/input/choose-input';
import { entityName, layoutOf } from '../../src/load/input/layout';

const NOW = new Date('2025-07-12T12:00:00.000Z');
const WISH: InputWish = {
  input: 'auto',
  preferSessions: true,
  cutoffDays: null,
  sessionMaxAge: 24,
  sessions: [],
  entities: null,
  now: NOW,
};

const entries = (...keys: string[]): InputEntry[] => keys.map((key) => ({ key, bytes: 10, modifiedAt: '2025-01-01T00:00:00.000Z' }));
const choose = (keys: readonly string[], wish: Partial<InputWish> = {}, root = '/data') =>
  chooseInput(layoutOf(root, entries(...keys)), { ...WISH, ...wish });

const SESSION = 'sync_sessions/sync_session_2025-07-12_10-30-15';
const OLD = 'sync_sessions/sync_session_2025-07-01_10-30-15';

describe('files of a folder', () => {
  it.each([
    ['invoices.json', 'invoices', '2025-01-01T00:00:00.000Z'],
    ['Invoices_2025-07-12_10-30-15.json.gz', 'invoices', '2025-07-12T10:30:15.000Z'],
    ['2025-07-12_10-30-15/Sales Orders.json', 'sales_orders', '2025-07-12T10:30:15.000Z'],
    ['deep/er/bills.page-2.ndjson.zst', 'bills', '2025-01-01T00:00:00.000Z'],
    ['4d-artikel.jsonl', 'e_4d_artikel', '2025-01-01T00:00:00.000Z'],
    ['rechnungen_ä.json', 'rechnungen_a', '2025-01-01T00:00:00.000Z'],
    ['__proto__.json', 'proto', '2025-01-01T00:00:00.000Z'],
  ])('%s is entity %s of %s', (key, entity, at) => {
    expect(layoutOf('/data', entries(key)).directory).toEqual([{ key, entity, at, bytes: 10 }]);
  });

  it('are told from what is no data, each with its reason', () => {
    const { directory, ignored } = layoutOf(
      '/data',
      entries('.hidden.json', 'a.json.1-2.tmp', 'notes.txt', '___.json', 'sync_metadata_x.json'),
    );
    expect(directory).toEqual([]);
    expect(ignored.map(({ why }) => why)).toEqual([
      'hidden or temporary',
      'hidden or temporary',
      'no file of JSON by its name',
      'its name gives no entity',
      'metadata of a session, never data',
    ]);
  });

  it('of different names never become one entity: what is lost of a name is kept as a digest', () => {
    const long = 'acme_erp_production_export_accounts_receivable_aging';
    const names = [`${long}_customers`, `${long}_invoices`, '客户', '注文', 'müller', 'Mueller'].map(entityName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[a-z][a-z0-9_]{0,47}$/.test(name))).toBe(true);
    expect(entityName('müller')).toBe('muller');
  });

  it('are as old as the name of the folder says that was asked for', () => {
    const times = (root: string): string[] => layoutOf(root, entries('orders.json')).directory.map(({ at }) => at);
    expect(times('/exports/2024-01-02_00-00-00')).toEqual(['2024-01-02T00:00:00.000Z']);
    expect(times('/exports/2024-13-02_00-00-00')).toEqual(['2025-01-01T00:00:00.000Z']);
  });

  it('in a session that describe it are no data, whichever tool wrote them', () => {
    const { sessions, directory } = layoutOf('/l', entries('sync_session_2025-07-12_10-30-15/sync_metadata.json'));
    expect([sessions.map(({ name, files }) => [name, files]), directory]).toEqual([[['sync_session_2025-07-12_10-30-15', []]], []]);
  });

  it('give an entity the same name however it is written', () => {
    expect(['Customer Payments', 'customer-payments', 'customer_payments'].map(entityName)).toEqual(Array(3).fill('customer_payments'));
  });
});

describe('the input that is chosen', () => {
  const both = [`${SESSION}/raw_json/2025-07-12_10-30-15/bills.json`, 'raw_json/2025-07-10_00-00-00/bills.json', 'bills.json'];

  it.each([
    ['sessions before consolidated files before the folder', {}, 'sessions'],
    ['consolidated files where sessions are not preferred', { preferSessions: false }, 'consolidated'],
    ['what the settings say', { input: 'directory' as const }, 'directory'],
    ['consolidated files where the sessions are too old', { now: new Date('2025-08-12T12:00:00Z') }, 'consolidated'],
    ['sessions within an explicit cut-off, however old', { now: new Date('2025-08-01T12:00:00Z'), cutoffDays: 30 }, 'sessions'],
  ])('is %s', (_, wish, input) => {
    expect(choose(both, wish).input).toBe(input);
  });

  it('takes all files of an entity in the order of their time, and says which session each is of', () => {
    const choice = choose([
      `${SESSION}/raw_json/2025-07-12_10-35-22/invoices.json`,
      `${SESSION}/raw_json/2025-07-12_10-30-15/invoices.json`,
      `${SESSION}/sync_metadata_invoices.json`,
    ]);
    if (choice.input === null) throw new Error('nothing was chosen');
    expect(choice.entities.get('invoices')?.map(({ at }) => at)).toEqual(['2025-07-12T10:30:15.000Z', '2025-07-12T10:35:22.000Z']);
    expect(choice.entities.get('invoices')?.[0]?.session).toBe('sync_session_2025-07-12_10-30-15');
    expect(choice.sessions[0]?.metadata.get('invoices')).toBe(`${SESSION}/sync_metadata_invoices.json`);
    expect(choice.why).toEqual(['1 session of the last 24 hours (load.session_max_age)']);
  });

  it('may be a session itself, or lie inside a folder of sessions', () => {
    const name = 'sync_session_2025-07-12_10-30-15';
    const inside = choose(['raw_json/2025-07-12_10-30-15/bills.json'], {}, `/data/sync_sessions/${name}`);
    expect(inside).toMatchObject({ input: 'sessions', sessions: [{ name }] });
    expect(choose([`${name}/raw_json/2025-07-12_10-30-15/bills.json`], {}, '/data/sync_sessions')).toMatchObject({ input: 'sessions' });
  });

  it('names each session that was passed over, and why', () => {
    const choice = choose([
      `${OLD}/raw_json/2025-07-01_10-30-15/bills.json`,
      'sync_sessions/sync_session_2025-07-12_09-00-00/sync_metadata_bills.json',
      `${SESSION}/raw_json/2025-07-12_10-30-15/bills.json`,
    ]);
    expect(choice.passedOver).toEqual([
      {
        what: 'sync_session_2025-07-01_10-30-15',
        why: '11 days old, and only sessions of the last 24 hours (load.session_max_age) are read',
      },
      { what: 'sync_session_2025-07-12_09-00-00', why: 'it holds only metadata, no records' },
    ]);
  });

  it('is nothing where only old sessions are: the reasons remain', () => {
    expect(choose([`${OLD}/raw_json/2025-07-01_10-30-15/bills.json`])).toMatchObject({
      input: null,
      passedOver: [{ what: 'sync_session_2025-07-01_10-30-15' }],
    });
  });

  it('is exactly the sessions that were named, and a name that leads nowhere is said', () => {
    const keys = [`${OLD}/raw_json/2025-07-01_10-30-15/bills.json`, `${SESSION}/raw_json/2025-07-12_10-30-15/bills.json`];
    const choice = choose(keys, { sessions: ['sync_session_2025-07-01_10-30-15', 'sync_session_2020-01-01_00-00-00'] });
    if (choice.input === null) throw new Error('nothing was chosen');
    expect(choice.sessions.map(({ name }) => name)).toEqual(['sync_session_2025-07-01_10-30-15']);
    expect(choice.passedOver.map(({ why }) => why)).toEqual(['another session was asked for', 'there is no such session']);
  });

  it('holds only the entities that were asked for', () => {
    const choice = choose(['bills.json', 'invoices.json'], { entities: ['bills'] });
    if (choice.input === null) throw new Error('nothing was chosen');
    expect([...choice.entities.keys()]).toEqual(['bills']);
  });
});
