import type { Json } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

const since = (stamp: number): Record<string, string> => ({
  $filter: `"__GlobalStamp > ${stamp}"`,
  $orderby: '"__GlobalStamp asc"',
  $top: '1000',
});
const keysOf = (rows: Json[]): string[] => rows.map(({ __KEY }) => __KEY as string);

describe('change tracking', () => {
  it('gives each seeded record a stamp of its own, in an order that is not that of the keys', async () => {
    const { client, control } = await reading();
    const rows = await client.list('Artikel_Variante', { $top: '300' });
    const stamps = rows.map(({ __GlobalStamp }) => __GlobalStamp as number);
    expect(new Set(stamps).size).toBe(300);
    expect(stamps).not.toEqual([...stamps].sort((a, b) => a - b));
    expect(Math.max(...stamps)).toBeLessThan(control.stats().nextStamp);
    const sorted = await client.list('Artikel_Variante', since(0));
    expect(sorted.map(({ __GlobalStamp }) => __GlobalStamp)).toEqual([...stamps].sort((a, b) => a - b));
    const times = sorted.map(({ __TIMESTAMP }) => __TIMESTAMP as string);
    expect(times).toEqual([...times].sort());
  });

  it('finds what was changed, made and deleted since, and nothing else', async () => {
    const { client, control } = await reading();
    const last = control.stats().nextStamp - 1;
    const edited = control.edit('Artikel_Variante', 5, { Bestand: 1 });
    const made = control.create('Artikel_Variante', { Bezeichnung: 'Neu' });
    const again = control.edit('Artikel_Variante', 5, { Bestand: 2 });
    control.edit('Artikel_Familie', 1, { Gewicht: 1 });
    const gone = control.remove('Artikel_Variante', 9);
    const rows = await client.list('Artikel_Variante', since(last));
    expect(keysOf(rows)).toEqual([made, edited]);
    expect(rows[1]).toMatchObject({ Bestand: 2, __GlobalStamp: last + 3, __TIMESTAMP: control.now().toISOString() });
    expect(again).toBe(edited);
    const deleted = await client.list('__DeletedRecords', { $filter: `"__Stamp > ${last} AND __TableName = Artikel_Variante"` });
    expect(deleted).toMatchObject([{ __PrimaryKey: gone, __Stamp: last + 5, __TableName: 'Artikel_Variante', __TableNumber: 3 }]);
    expect(control.deletions('Artikel_Variante')).toEqual([gone]);
    expect((await client.get('Artikel_Kategorie')).__GlobalStamp).toBe(last + 6);
  });

  it('counts each save in __STAMP and dates the record', async () => {
    const { client, control } = await reading();
    const path = `Artikel_Familie(${control.keyOf('Artikel_Familie', 0)})`;
    const before = await client.get(path);
    control.setClock('2026-10-01T08:40:30Z');
    control.edit('Artikel_Familie', 0, {});
    const after = await client.get(path);
    expect(after).toEqual({
      ...before,
      __STAMP: before.__STAMP + 1,
      __TIMESTAMP: '2026-10-01T08:40:30.000Z',
      __GlobalStamp: control.stats().nextStamp - 1,
      Geaendert: '01!10!2026',
      Geaendert_Zeit: 31_230_000,
      ...(before.Bild !== null && { Bild: after.Bild }),
    });
  });

  it('shows a change that was committed late under its older stamp', async () => {
    const { client, control } = await reading();
    const reserved = control.reserveStamp();
    const seen = control.edit('Artikel_Variante', 1);
    const high = (await client.list('Artikel_Variante', since(reserved)))[0]?.__GlobalStamp as number;
    const late = control.lateCommit('Artikel_Variante', { globalStamp: reserved, record: 2 });
    const made = control.lateCommit('Artikel_Variante', { globalStamp: reserved });
    expect(await client.list('Artikel_Variante', since(high))).toEqual([]);
    expect(keysOf(await client.list('Artikel_Variante', since(reserved - 1)))).toEqual([late, made, seen]);
  });

  it('can go back, as after a restored backup', async () => {
    const { client, control } = await reading();
    control.setGlobalStamp(10);
    expect((await client.get('Artikel_Kategorie')).__GlobalStamp).toBe(10);
    control.edit('Artikel_Variante', 3);
    expect((await client.list('Artikel_Variante', { ...since(0), $top: '1' })).map(({ __GlobalStamp }) => __GlobalStamp)).toEqual([10]);
  });

  it('can show the last number given instead of the next, and deletions just before their place', async () => {
    const { client, control } = await reading({ rules: { stampShown: 'last', deletionStampLag: 1 } });
    const last = control.stats().nextStamp - 1;
    expect((await client.get('Artikel_Kategorie')).__GlobalStamp).toBe(last);
    control.remove('Artikel_Variante', 0);
    expect((await client.list('__DeletedRecords'))[0]?.__Stamp).toBe(last);
    expect((await client.get('Artikel_Kategorie')).__GlobalStamp).toBe(last + 1);
  });
});

describe('without change tracking', () => {
  it('there is neither stamp nor deletions feed', async () => {
    const { client, control } = await reading({ changeTracking: false });
    control.remove('Artikel_Familie', 0);
    const body = await client.get('Artikel_Familie');
    expect(body).not.toHaveProperty('__GlobalStamp');
    expect(body.__ENTITIES[0]).not.toHaveProperty('__GlobalStamp');
    expect((await client.raw('__DeletedRecords')).status).toBe(404);
    expect(JSON.stringify(await client.get('$catalog/$all'))).not.toMatch(/__GlobalStamp|__DeletedRecords/);
  });

  it('of one class, the others still have it', async () => {
    const { client, control } = await reading({ changeTracking: ['Artikel_Familie'] });
    control.remove('Artikel_Familie', 0);
    control.remove('Artikel_Variante', 0);
    expect((await client.list('Artikel_Familie'))[0]).toHaveProperty('__GlobalStamp');
    expect((await client.list('Artikel_Variante'))[0]).not.toHaveProperty('__GlobalStamp');
    expect((await client.list('__DeletedRecords')).map(({ __TableName }) => __TableName)).toEqual(['Artikel_Familie']);
  });
});
