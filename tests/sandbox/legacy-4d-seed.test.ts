import { DATA_CLASSES } from '../../src/sandbox/legacy-4d';
import { legacy4dOptions } from '../../src/sandbox/legacy-4d/main';
import type { Json } from './legacy-4d-client';
import { closeSandboxes, reading, sandbox } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

async function bytes(seed: number): Promise<string[]> {
  const { client, control } = await reading({ seed });
  const lists = await Promise.all(DATA_CLASSES.map(async (name) => (await client.raw(name, { $orderby: '__GlobalStamp' })).text()));
  return [...lists, ...DATA_CLASSES.map((name) => JSON.stringify([...control.truth(name)]))];
}

describe('data from a seed', () => {
  it('is the same to the byte for the same seed, and other data for another', async () => {
    const [one, same, other] = [await bytes(42), await bytes(42), await bytes(43)];
    expect(same).toEqual(one);
    one.forEach((text, n) => expect(text).not.toBe(other[n]));
  });

  it('has keys that are unique and found again, with gaps between the whole numbers', async () => {
    const { control } = await sandbox({ counts: { Artikel_Kategorie: 50, Artikel_Familie: 500, Artikel_Variante: 600, Auftrag: 400 } });
    for (const name of DATA_CLASSES) {
      const keys = [...control.truth(name)].map(({ key }) => key);
      expect(new Set(keys).size).toBe(control.count(name));
      expect(keys.map((key) => control.indexOf(name, key))).toEqual(keys.map((_, index) => index));
    }
    expect(control.count('Auftrag_Position')).toBe(50 * 21);
    expect(Number(control.keyOf('Artikel_Familie', 499)) - Number(control.keyOf('Artikel_Familie', 0))).toBeGreaterThan(1400);
  });

  it('refers only to what exists: families to categories, nearly all variants to families, lines to orders', async () => {
    const { control } = await sandbox();
    const rows = (name: (typeof DATA_CLASSES)[number]): Json[] => [...control.truth(name)].map(({ row }) => JSON.parse(row) as Json);
    for (const row of rows('Artikel_Familie')) expect(row.Kategorie.__deferred.__KEY).toBe(String(row.Kategorie_ID));
    for (const row of rows('Auftrag_Position')) expect(row.Auftrag.__deferred.__KEY).toBe(String(row.Auftrag_ID));
    const orphans = rows('Artikel_Variante').filter(({ Familie }) => Familie === null);
    expect(orphans.length).toBeLessThan(15);
    for (const row of orphans) expect(row.Familie_ID).toBeNull();
  });

  it('can be none', async () => {
    const { client } = await reading({ counts: { Artikel_Kategorie: 0, Artikel_Familie: 1, Artikel_Variante: 0, Auftrag: 0 } });
    expect(await client.list('Artikel_Variante')).toEqual([]);
    expect(await client.list('Artikel_Familie')).toMatchObject([{ Kategorie: null, Kategorie_ID: null }]);
    expect(await client.list('Auftrag_Position', { $orderby: '__GlobalStamp' })).toEqual([]);
  });

  it('refuses a patch that names no attribute, or the key', async () => {
    const { control } = await sandbox();
    expect(() => control.edit('Artikel_Familie', 0, { Preis: 1 })).toThrow('Artikel_Familie has no attribute Preis');
    expect(() => control.create('Artikel_Familie', { Familie_ID: 1 })).toThrow('the sandbox gives it');
    expect(() => control.edit('Artikel_Familie', '1')).toThrow('has no Artikel_Familie record "1"');
  });
});

describe('a million variants', () => {
  it('are paged by key and by stamp in the middle as at the beginning, none of them held', async () => {
    const { client, control } = await reading({ counts: { Artikel_Familie: 100_000, Artikel_Variante: 1_000_000 } });
    const middle = control.keyOf('Artikel_Variante', 499_999);
    const start = performance.now();
    const page = await client.get('Artikel_Variante', { $filter: `"Variante_ID > ${middle}"`, $orderby: 'Variante_ID', $top: '1000' });
    expect(page).toMatchObject({ __COUNT: 500_000, __SENT: 1000 });
    expect(page.__ENTITIES[0].__KEY).toBe(control.keyOf('Artikel_Variante', 500_000));
    const next = control.stats().nextStamp;
    control.edit('Artikel_Variante', 700_000);
    const changed = await client.get('Artikel_Variante', { $filter: `"__GlobalStamp >= ${next}"`, $orderby: '"__GlobalStamp asc"' });
    expect(changed).toMatchObject({ __COUNT: 1, __ENTITIES: [{ __KEY: control.keyOf('Artikel_Variante', 700_000) }] });
    expect(await client.list('Artikel_Variante/Art_Nr', { $skip: '999999' })).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('the words of the command line', () => {
  it('become options', () => {
    const words =
      '--seed 3 --variants 9 --dates iso --generation force-login --no-change-tracking --fault list=hang --exit-with-stdin'.split(' ');
    expect(legacy4dOptions(words, { SANDBOX_CREDENTIALS: '{"password":"p"}' })).toEqual({
      options: {
        seed: 3,
        counts: { Artikel_Variante: 9 },
        freeze: false,
        changeTracking: false,
        logKeys: false,
        generation: 'force-login',
        dates: 'iso',
        faults: ['list=hang'],
        password: 'p',
      },
      exitWithStdin: true,
    });
  });

  it.each([['--dates', 'us'], ['--seed', 'x'], ['--nothing']])('%s %s is refused', (...words) => {
    expect(() => legacy4dOptions(words)).toThrow();
  });

  it('and options may be wrong too', async () => {
    await expect(sandbox({ counts: { Auftrag: -1 } })).rejects.toThrow('cannot make -1 Auftrag');
    await expect(sandbox({ startClock: 'yesterday' })).rejects.toThrow('not an instant');
  });
});
