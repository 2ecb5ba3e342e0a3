import type { Json } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

describe('the catalog', () => {
  it('lists the classes with their addresses', async () => {
    const { client } = await reading();
    const { dataClasses } = await client.get('$catalog');
    expect(dataClasses[1]).toEqual({ name: 'Artikel_Familie', uri: '/rest/$catalog/Artikel_Familie', dataURI: '/rest/Artikel_Familie' });
    expect(dataClasses.map(({ name }: Json) => name)).toContain('__DeletedRecords');
  });

  it('describes one class and all of them alike', async () => {
    const { client } = await reading();
    const familie = await client.get('$catalog/Artikel_Familie');
    expect((await client.get('$catalog/$all')).dataClasses[1]).toEqual(familie);
    expect(familie).toMatchObject({
      className: 'Artikel_Familie',
      collectionName: 'Artikel_FamilieSelection',
      tableNumber: 2,
      scope: 'public',
      defaultTopSize: 100,
      key: [{ name: 'Familie_ID' }],
    });
    const attributes = new Map((familie.attributes as Json[]).map((attribute) => [attribute.name, attribute]));
    expect(attributes.get('Familie_ID')).toEqual({
      name: 'Familie_ID',
      kind: 'storage',
      scope: 'public',
      fieldPos: 1,
      indexed: true,
      type: 'long',
      identifying: true,
    });
    expect(attributes.get('Kategorie')).toEqual({
      name: 'Kategorie',
      kind: 'relatedEntity',
      scope: 'public',
      type: 'Artikel_Kategorie',
      path: 'Artikel_Kategorie',
      foreignKey: 'Kategorie_ID',
      inverseName: 'Familien',
    });
    expect(attributes.get('Varianten')).toMatchObject({ kind: 'relatedEntities', type: 'Artikel_VarianteSelection', path: 'Familie' });
    const types = ['Gewicht', 'Aktiv', 'Angelegt', 'Geaendert_Zeit', 'Bild', 'Zusatz', '__GlobalStamp'].map(
      (name) => attributes.get(name)?.type,
    );
    expect(types).toEqual(['number', 'bool', 'date', 'duration', 'image', 'object', 'long64']);
  });

  it('knows names only as they are written', async () => {
    const { client } = await reading();
    expect((await client.raw('$catalog/artikel_familie')).status).toBe(404);
    expect((await client.raw('artikel_familie')).status).toBe(404);
    expect((await client.raw('$catalog/Artikel_Variante')).status).toBe(200);
  });
});

describe('a list', () => {
  it('says how many there are and shows a page of 100 when $top is forgotten', async () => {
    const { client, control } = await reading();
    const body = await client.get('Artikel_Variante');
    expect(Object.keys(body)).toEqual(['__entityModel', '__GlobalStamp', '__COUNT', '__SENT', '__FIRST', '__ENTITIES']);
    expect(body).toMatchObject({ __entityModel: 'Artikel_Variante', __COUNT: 300, __SENT: 100, __FIRST: 0 });
    expect(body.__GlobalStamp).toBe(control.stats().nextStamp);
    expect(body.__ENTITIES).toHaveLength(100);
  });

  it('is cut by $top or $limit and $skip, in the order of the keys', async () => {
    const { client, control } = await reading();
    const page = await client.get('Artikel_Variante', { $limit: '7', $skip: '298' });
    expect(page).toMatchObject({ __COUNT: 300, __SENT: 2, __FIRST: 298 });
    expect(page.__ENTITIES.map(({ __KEY }: Json) => __KEY)).toEqual([
      control.keyOf('Artikel_Variante', 298),
      control.keyOf('Artikel_Variante', 299),
    ]);
    expect(await client.list('Artikel_Variante', { $top: '0' })).toEqual([]);
  });

  it('follows $orderby over several attributes and relations', async () => {
    const { client } = await reading();
    const rows = await client.list('Artikel_Familie', { $orderby: '"Aktiv desc, Gewicht"', $top: '80' });
    const order = rows.map(({ Aktiv, Gewicht }) => [Aktiv ? 0 : 1, Gewicht] as [number, number]);
    expect(order).toEqual([...order].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    const by = await client.list('Artikel_Familie', { $orderby: 'Kategorie.Kuerzel desc', $expand: 'Kategorie' });
    const codes = by.map(({ Kategorie }) => Kategorie.Kuerzel as string);
    expect(codes).toEqual([...codes].sort().reverse());
    await expect(client.list('Artikel_Familie', { $orderby: 'Nichts' })).rejects.toThrow('errCode 1500');
  });

  it('shows rows as the documentation does: keys as texts, numbers as numbers, relations and images deferred', async () => {
    const { client, control } = await reading({ counts: { Artikel_Familie: 200 } });
    const rows = await client.list('Artikel_Familie', { $top: '200' });
    const row = rows.find(({ Bild }) => Bild !== null) as Json;
    const key = row.__KEY as string;
    expect(row).toMatchObject({
      __STAMP: expect.any(Number),
      Familie_ID: Number(key),
      Aktiv: expect.any(Boolean),
      Gewicht: expect.any(Number),
    });
    expect(row.__TIMESTAMP).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(row.Kategorie).toEqual({ __deferred: { uri: `/rest/Artikel_Kategorie(${row.Kategorie_ID})`, __KEY: String(row.Kategorie_ID) } });
    expect(row.Varianten).toEqual({ __deferred: { uri: `/rest/Artikel_Familie(${key})/Varianten?$expand=Varianten` } });
    expect(row.Bild.__deferred).toEqual({
      uri: `/rest/Artikel_Familie(${key})/Bild?$imageformat=best&$version=${row.__STAMP}&$expand=Bild`,
      image: true,
    });
    expect(rows.map((each) => JSON.stringify(each))).toEqual([...control.truth('Artikel_Familie')].map(({ row: text }) => text));
    const texts = rows.map(({ Beschreibung_EN, Beschreibung }) => [Beschreibung, Beschreibung_EN]).flat();
    expect(texts).toContain('');
    expect(texts).toContain(null);
    expect(rows.some(({ Bezeichnung }) => /Käsereibe|Türgriff/.test(Bezeichnung as string))).toBe(true);
  });

  it('writes numbers of 64 bits with all their digits', async () => {
    const { client } = await reading();
    const text = await (await client.raw('Artikel_Variante', { $top: '300' })).text();
    const lots = [...text.matchAll(/"Charge":(\d+)/g)].map((match) => BigInt(match[1] as string));
    expect(lots.some((lot) => lot > 2n ** 53n && lot !== BigInt(Number(lot)))).toBe(true);
  });

  it('shows only the attributes asked for, with key, time and stamp', async () => {
    const { client } = await reading();
    const [row] = await client.list('Artikel_Familie/Art_Nr,Kategorie', { $top: '1' });
    expect(Object.keys(row as Json)).toEqual(['__KEY', '__TIMESTAMP', '__STAMP', 'Art_Nr', 'Kategorie']);
    const [other] = await client.list('Artikel_Familie', { $top: '1', $attributes: 'Art_Nr,Kategorie.Bezeichnung,__GlobalStamp' });
    expect(Object.keys(other as Json)).toEqual(['__KEY', '__TIMESTAMP', '__STAMP', '__GlobalStamp', 'Art_Nr', 'Kategorie']);
    expect(Object.keys(other?.Kategorie as Json)).toEqual(['__KEY', '__TIMESTAMP', '__STAMP', 'Bezeichnung']);
    await expect(client.list('Artikel_Familie/Preis')).rejects.toThrow('errCode 1804');
  });
});

describe('dates', () => {
  it('come as dd!mm!yyyy, empty ones as 0!0!0', async () => {
    const { client, control } = await reading();
    control.edit('Artikel_Variante', 0, { Auslauf_Am: '2026-03-05' });
    control.edit('Artikel_Variante', 1, { Auslauf_Am: '' });
    const rows = await client.list('Artikel_Variante/Auslauf_Am', { $top: '2' });
    expect(rows.map(({ Auslauf_Am }) => Auslauf_Am)).toEqual(['05!03!2026', '0!0!0']);
  });

  it('come as ISO, empty ones as null, when told so', async () => {
    const { client, control } = await reading({ dates: 'iso' });
    control.edit('Artikel_Variante', 0, { Auslauf_Am: '2026-03-05' });
    control.edit('Artikel_Variante', 1, { Auslauf_Am: '' });
    const rows = await client.list('Artikel_Variante/Auslauf_Am', { $top: '2' });
    expect(rows.map(({ Auslauf_Am }) => Auslauf_Am)).toEqual(['2026-03-05T00:00:00Z', null]);
  });
});

describe('one entity', () => {
  it('is had by its key, with its class, or by a value of another attribute', async () => {
    const { client, control } = await reading();
    const key = control.keyOf('Artikel_Familie', 4);
    const { __entityModel, ...row } = await client.get(`Artikel_Familie(${key})`);
    expect(__entityModel).toBe('Artikel_Familie');
    expect(row).toEqual(JSON.parse([...control.truth('Artikel_Familie')][4]?.row as string));
    expect((await client.get(`Artikel_Familie:Art_Nr(${row.Art_Nr})`)).__KEY).toBe(key);
    expect(Object.keys(await client.get(`Artikel_Familie(${key})/Art_Nr`))).toEqual([
      '__entityModel',
      '__KEY',
      '__TIMESTAMP',
      '__STAMP',
      'Art_Nr',
    ]);
  });

  it('that does not exist is error 1542', async () => {
    const { client, control } = await reading();
    await expect(client.get('Artikel_Familie(1)')).rejects.toThrow('HTTP 404 errCode 1542');
    const key = control.remove('Artikel_Familie', 3);
    await expect(client.get(`Artikel_Familie(${key})`)).rejects.toThrow('errCode 1542');
  });

  it('with a text for a key is had in quotes or without', async () => {
    const { client, control } = await reading();
    const key = control.keyOf('Auftrag_Position', 3);
    expect((await client.get(`Auftrag_Position(${key})`)).Position_ID).toBe(key);
    expect((await client.get(`Auftrag_Position("${key}")`)).Position_ID).toBe(key);
  });
});

describe('relations', () => {
  it('are followed by $expand, in both directions', async () => {
    const { client, control } = await reading();
    const [familie] = await client.list('Artikel_Familie', { $expand: 'Kategorie,Varianten', $top: '1' });
    expect(familie?.Kategorie.Bezeichnung).toBe(control.value('Artikel_Kategorie', String(familie?.Kategorie_ID), 'Bezeichnung'));
    expect(familie?.Varianten.__COUNT).toBe(familie?.Varianten.__ENTITIES.length);
    const variants = (await client.list('Artikel_Variante', { $filter: `"Familie_ID=${familie?.Familie_ID}"` })).map(({ __KEY }) => __KEY);
    expect(familie?.Varianten.__ENTITIES.map(({ __KEY }: Json) => __KEY)).toEqual(variants);
  });

  it('lead to a list under their deferred address', async () => {
    const { client, control } = await reading();
    const key = control.keyOf('Auftrag', 4);
    const order = await client.get(`Auftrag(${key})`);
    const lines = await client.get((order.Positionen.__deferred.uri as string).replace('/rest/', '').split('?')[0] as string, {
      $expand: 'Positionen',
    });
    expect(lines).toMatchObject({ __entityModel: 'Auftrag_Position', __COUNT: 5 });
    const cents = (lines.__ENTITIES as Json[]).reduce((sum, { Gesamt }) => sum + Math.round((Gesamt as number) * 100), 0);
    expect(Math.round((order.Netto as number) * 100)).toBe(cents);
  });

  it('follow what changed, and lead nowhere when the other is deleted', async () => {
    const { client, control } = await reading();
    const from = control.keyOf('Artikel_Familie', 1);
    const moved = control.edit('Artikel_Variante', 0, { Familie_ID: Number(from) });
    const { Varianten } = await client.get(`Artikel_Familie(${from})`, { $expand: 'Varianten' });
    expect(Varianten.__ENTITIES.map(({ __KEY }: Json) => __KEY)).toContain(moved);
    control.remove('Artikel_Familie', 1);
    const row = await client.get(`Artikel_Variante(${moved})`);
    expect([row.Familie, row.Familie_ID]).toEqual([null, Number(from)]);
  });
});
