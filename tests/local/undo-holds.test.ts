import fc from 'fast-check';
import { endRun, requestCancel } from '../../src/database/run-store';
import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import type { SquareSandbox } from '../../src/sandbox/square';
import { typed } from '../cli/in-process';
import { withVariables } from '../errors/remedies/remedy';
import { testDatabase } from '../support/database';
import { installLegacy4d, installSquare, type InstallationOf } from '../support/installation';
import { undo } from '../support/undo';

/** What a person brought back stays, though its deletion is told again; the source deletes it by a new deletion, or a complete read that lacks it. */
const MINUTE_MS = 60_000;

async function isDeleted<S>({ db }: InstallationOf<S>, table: string, id: string): Promise<boolean | undefined> {
  const [row] = await db.query<{ gone: boolean }>(`select deleted_at is not null as gone from ${table} where id = $1`, [id]);
  return row?.gone;
}

describe('a deletion of a 4D server', () => {
  const database = testDatabase();
  let at: InstallationOf<Legacy4dSandbox>;
  let restore: () => void;

  beforeAll(async () => {
    at = await installLegacy4d({
      databaseUrl: database.url,
      sandbox: { seed: 5, freeze: true, counts: { Artikel_Kategorie: 12, Artikel_Familie: 1, Artikel_Variante: 1, Auftrag: 1 } },
      variables: { FRESHET_LOAD_DELETES_MAX_COUNT: '1000' },
    });
    restore = withVariables(at.loaded.variables);
    expect((await read()).state).toBe('completed');
  });
  beforeEach(() => at.sandbox.control.advanceClock(MINUTE_MS));
  afterAll(async () => {
    restore();
    await at.close();
  });

  const read = (wish: Parameters<typeof at.run>[0] = {}) => at.run({ entities: ['categories'], ...wish });
  const standing = async (key: string, wish: Parameters<typeof at.run>[0] = {}): Promise<[string, boolean | undefined]> => {
    at.sandbox.control.advanceClock(MINUTE_MS);
    return [(await read(wish)).state, await isDeleted(at, 'pyerp.json_categories', key)];
  };
  /** A record that the source deleted and a person brought back. */
  const broughtBack = async (index: number): Promise<string> => {
    const key = at.sandbox.control.remove('Artikel_Kategorie', index);
    const { runId } = await read();
    expect(await isDeleted(at, 'pyerp.json_categories', key)).toBe(true);
    await undo(at, runId, 'categories');
    expect(await isDeleted(at, 'pyerp.json_categories', key)).toBe(false);
    return key;
  };

  it('that is taken back holds when it is told again, until a complete read lacks the record', async () => {
    const key = await broughtBack(1);
    const dry = await typed(['run', at.pipeline, '--entity', 'categories', '--dry-run']);
    expect(dry.data.pipelines[0].entities[0]).toMatchObject({ read: 'incremental', deletes: { rows: 0 } });
    expect(await standing(key)).toEqual(['completed', false]);
    at.sandbox.control.edit('Artikel_Kategorie', 0);
    expect(await standing(key)).toEqual(['completed', false]);
    expect(await standing(key, { full: true })).toEqual(['completed', true]);
  });

  it('that comes anew, of a record that was made anew meanwhile, is carried out', async () => {
    const { control } = at.sandbox;
    const key = await broughtBack(2);
    control.recreate('Artikel_Kategorie', key);
    control.remove('Artikel_Kategorie', key);
    expect(await standing(key)).toEqual(['completed', true]);
  });

  it('that a complete read found which began before it was taken back, and is closed by a later run, waits for the next complete one', async () => {
    const key = at.sandbox.control.remove('Artikel_Kategorie', 4);
    const { runId: deletedBy } = await read();
    at.sandbox.control.advanceClock(MINUTE_MS);
    const runId = await at.claim({ entities: ['categories'], full: true });
    await at.steps.prepareRun({ runId }, at.ctx);
    const input = { runId, entity: 'categories' };
    while ((await at.steps.extract(input, at.ctx)).outcome !== 'done') await at.steps.load(input, at.ctx);
    await requestCancel(at.db, runId);
    await endRun(at.db, { runId, state: 'cancelled' }, at.ctx);
    await undo(at, deletedBy, 'categories');
    expect(await standing(key, { full: true })).toEqual(['completed', false]);
    expect(await standing(key, { full: true })).toEqual(['completed', true]);
  });

  it('below the one that was taken back is carried out after the counter went back', async () => {
    const { control } = at.sandbox;
    control.setGlobalStamp(1_000_000);
    const key = await broughtBack(3);
    control.edit('Artikel_Kategorie', 0);
    expect(await standing(key)).toEqual(['completed', false]);
    // A backup of the time before anything was deleted is restored.
    control.forgetDeletions();
    control.setGlobalStamp(500_000);
    control.recreate('Artikel_Kategorie', key);
    control.edit('Artikel_Kategorie', 0);
    expect(await standing(key)).toEqual(['completed', false]);
    control.remove('Artikel_Kategorie', key);
    expect(await standing(key)).toEqual(['completed', true]);
  });

  type Move = { readonly kind: 'remove' | 'recreate' | 'read' | 'full' | 'undo'; readonly index: number };
  const move: fc.Arbitrary<Move> = fc.record({
    kind: fc.constantFrom('remove', 'remove', 'recreate', 'read', 'read', 'full', 'undo', 'undo'),
    index: fc.integer({ min: 8, max: 10 }),
  });

  it('goes when it is new or a complete read lacks the record, and holds off where it was taken back, in any order of both', async () => {
    const { control } = at.sandbox;
    const keys = new Map([8, 9, 10].map((index) => [index, control.keyOf('Artikel_Kategorie', index)]));
    const lives = new Set(keys.values());
    /** Deleted since the last read that deletes. */
    const anew = new Set<string>();
    const held = async () =>
      new Map(await Promise.all([...lives, ...keys.values()].map(async (key) => [key, await deleted(key)] as const)));
    const deleted = (key: string) => isDeleted(at, 'pyerp.json_categories', key);

    async function check(full: boolean): Promise<void> {
      control.advanceClock(MINUTE_MS);
      const before = await held();
      const deletes = (await read({ full })).state === 'completed';
      const expected = (key: string, was: boolean | undefined) => !lives.has(key) && (deletes && (full || anew.has(key)) ? true : was);
      expect(await held()).toEqual(new Map([...before].map(([key, was]) => [key, expected(key, was)])));
      if (deletes) anew.clear();
    }

    async function undoLast(): Promise<void> {
      const [last] = await at.db.query<{ run_id: string }>(
        `select run_id from freshet.run_entity where entity = 'categories' and deleted > 0 order by completed_at desc limit 1`,
      );
      if (last !== undefined) await undo(at, last.run_id, 'categories');
    }

    async function play({ kind, index }: Move): Promise<void> {
      const key = keys.get(index)!;
      if (kind === 'undo') await undoLast();
      if (kind === 'read' || kind === 'full') await check(kind === 'full');
      if (kind === 'remove' && lives.delete(key)) anew.add(control.remove('Artikel_Kategorie', key));
      if (kind === 'recreate' && !lives.has(key)) lives.add(control.recreate('Artikel_Kategorie', key));
    }

    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 14 }), async (moves) => {
        for (const one of moves) await play(one);
        await check(false);
      }),
      { numRuns: 5, seed: 20_261_123, endOnFailure: true },
    );
  }, 120_000);
});

describe('a tombstone of Square', () => {
  const database = testDatabase();
  let at: InstallationOf<SquareSandbox>;

  beforeAll(async () => {
    at = await installSquare({ databaseUrl: database.url, sandbox: { seed: 5, freeze: true } });
    expect((await at.run()).state).toBe('completed');
  });
  afterAll(() => at.close());

  it('that is taken back holds when it is told again', async () => {
    const { control } = at.sandbox;
    control.advanceClock(MINUTE_MS);
    const id = control.remove('items', 2);
    control.advanceClock(MINUTE_MS);
    const { runId } = await at.run({ entities: ['catalog'] });
    expect(await isDeleted(at, 'square.json_catalog', id)).toBe(true);
    await undo(at, runId, 'catalog');
    for (const item of [3, 4]) {
      control.advanceClock(MINUTE_MS);
      control.edit('items', item, { description: 'edited' });
      expect((await at.run({ entities: ['catalog'] })).state).toBe('completed');
      expect(await isDeleted(at, 'square.json_catalog', id)).toBe(false);
    }
  });

  it('that comes after a complete read had deleted its record, and a person brought that back, is the same deletion', async () => {
    const { control } = at.sandbox;
    control.advanceClock(MINUTE_MS);
    const id = control.remove('items', 5);
    control.advanceClock(MINUTE_MS);
    const { runId } = await at.run({ entities: ['catalog'], full: true });
    expect(await isDeleted(at, 'square.json_catalog', id)).toBe(true);
    await undo(at, runId, 'catalog');
    control.advanceClock(MINUTE_MS);
    expect((await at.run({ entities: ['catalog'] })).state).toBe('completed');
    expect(await isDeleted(at, 'square.json_catalog', id)).toBe(false);
  });
});
