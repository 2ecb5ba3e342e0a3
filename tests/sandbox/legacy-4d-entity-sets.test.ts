import type { Json } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

const HEAVY = { $filter: '"Gewicht>1"', $orderby: '"Gewicht desc"' };

async function set(
  params: Record<string, string> = {},
): Promise<Awaited<ReturnType<typeof reading>> & { readonly path: string; readonly keys: string[] }> {
  const account = await reading();
  const body = await account.client.get('Artikel_Familie', { ...HEAVY, $method: 'entityset', $top: '5', ...params });
  expect(Object.keys(body)[0]).toBe('__ENTITYSET');
  expect(body.__ENTITYSET).toMatch(/^\/rest\/Artikel_Familie\/\$entityset\/[0-9A-F]{32}$/);
  const path = (body.__ENTITYSET as string).replace('/rest/', '');
  const all = await account.client.list('Artikel_Familie', { ...HEAVY, $top: '1000' });
  return { ...account, path, keys: all.map(({ __KEY }) => __KEY as string) };
}

const keysOf = (rows: Json[]): string[] => rows.map(({ __KEY }) => __KEY as string);

describe('an entity set', () => {
  it('holds everything that was found, in its order, whatever page was asked for', async () => {
    const { client, path, keys } = await set();
    const page = await client.get(path, { $skip: '3', $top: '4' });
    expect(page).toMatchObject({ __COUNT: keys.length, __FIRST: 3, __SENT: 4 });
    expect(keysOf(page.__ENTITIES as Json[])).toEqual(keys.slice(3, 7));
  });

  it('shows living values: what was deleted drops out and shifts $skip, what no longer matches stays', async () => {
    const { client, control, path, keys } = await set();
    control.edit('Artikel_Familie', keys[1] as string, { Gewicht: 0 });
    control.remove('Artikel_Familie', keys[0] as string);
    const rows = await client.list(path, { $top: '2' });
    expect(keysOf(rows)).toEqual([keys[1], keys[2]]);
    expect(rows[0]?.Gewicht).toBe(0);
  });

  it('can be filtered and sorted when it is read', async () => {
    const { client, path, keys } = await set();
    const rows = await client.list(path, { $filter: '"Aktiv=true"', $orderby: '"Familie_ID desc"', $top: '1000' });
    const ids = rows.map(({ Familie_ID }) => Familie_ID as number);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(ids.length).toBeLessThan(keys.length);
  });

  it('lives two hours after its last use, or as long as $timeout says', async () => {
    const { client, control, path } = await set();
    await client.login({ 'session-4D-length': '1000' });
    for (const [minutes, status] of [
      [119, 200],
      [119, 200],
      [120, 404],
    ] as const) {
      control.advanceClock(minutes * 60_000);
      expect((await client.raw(path)).status).toBe(status);
    }
    await expect(client.get(path)).rejects.toThrow('errCode 1802');
    const short = await set({ $timeout: '600' });
    short.control.advanceClock(600_000);
    await expect(short.client.get(short.path)).rejects.toThrow(/errCode 1802.*EntitySet {2}"[0-9A-F]{32}" cannot be found/s);
  });

  it('is made anew under its id when the filter comes along', async () => {
    const { client, control, path, keys } = await set();
    control.restart();
    await client.login();
    const saved = { $savedfilter: HEAVY.$filter, $savedorderby: HEAVY.$orderby, $top: '1000' };
    expect(keysOf(await client.list(path, saved))).toEqual(keys);
    expect(keysOf(await client.list(path, { $top: '1000' }))).toEqual(keys);
    control.advanceClock(600_000);
    expect((await client.raw(path)).status).toBe(404);
  });

  it('is gone once it is released, and belongs to its class', async () => {
    const { client, path } = await set();
    expect((await client.raw(path.replace('Familie', 'Variante'))).status).toBe(404);
    expect(await client.get(path, { $method: 'release' })).toEqual({ ok: true });
    await expect(client.get(path)).rejects.toThrow('HTTP 404 errCode 1802');
    await expect(client.get(path, { $method: 'release' })).rejects.toThrow('errCode 1802');
  });
});
