import { sources } from '../../src/sources';
import { DATA_CLASSES } from '../../src/sandbox/legacy-4d';
import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { bench, catalogOf, closeBenches, json, listOf, saying } from './legacy-4d-bench';

afterEach(closeBenches);

describe('a dataclass before it was surveyed', () => {
  it('is paged by the key ID, read whole each time, and its deletions are found by comparing', () => {
    expect(sources['legacy-4d'].entityNamed('Artikel_Familie')).toMatchObject({
      object: 'Artikel_Familie',
      key: ['ID'],
      recordsPath: ['__ENTITIES'],
      incremental: false,
      cursor: null,
      paging: { kind: 'keyset', field: 'ID' },
      deletes: { kind: 'sweep', confirmByDetail: true },
      version: '__STAMP',
      volatile: ['__TIMESTAMP', '__STAMP', '__GlobalStamp'],
    });
  });
});

describe('the survey of a dataclass', () => {
  it('of a tracked one: changes by stamp, deletions from the feed, the counter', async () => {
    const { client, sandbox } = await bench();
    const { definition, counter } = await client.survey({ entity: 'Artikel_Familie' }, testContext());
    expect(definition).toMatchObject({
      key: ['Familie_ID'],
      cursor: { field: '__GlobalStamp', kind: 'integer', precision: 'integer', boundary: 'inclusive' },
      incremental: true,
      paging: { kind: 'keyset', field: '__GlobalStamp' },
      order: 'cursor_ascending',
      deletes: { kind: 'feed', object: '__DeletedRecords', cursorField: '__Stamp' },
      version: '__STAMP',
    });
    expect(counter).toBe(String(sandbox.control.stats().nextStamp - 1));
  });

  it('of an untracked one: the whole list by its key, and a sweep', async () => {
    for (const changeTracking of [false, ['Artikel_Variante'] as const]) {
      const { client } = await bench({ changeTracking });
      const { definition, counter } = await client.survey({ entity: 'Artikel_Familie' }, testContext());
      expect(definition).toMatchObject({
        key: ['Familie_ID'],
        cursor: null,
        incremental: false,
        paging: { kind: 'keyset', field: 'Familie_ID' },
        order: 'immutable',
        deletes: { kind: 'sweep', confirmByDetail: true },
      });
      expect(counter).toBeNull();
    }
  });

  it('asks no changes of a class whose stamp has no index', async () => {
    const stamp = { name: '__GlobalStamp', kind: 'storage', type: 'long64' };
    const { client } = await saying((_, response) => json(response, catalogOf('long', [stamp])));
    expect(await client.survey({ entity: 'T' }, testContext())).toMatchObject({ definition: { incremental: false }, counter: null });
  });

  it('gives every attribute the column that keeps what is sent', async () => {
    const { client } = await bench();
    const { definition } = await client.survey({ entity: 'Artikel_Familie' }, testContext());
    expect(definition.columns).toMatchObject({
      Familie_ID: 'bigint',
      Art_Nr: 'text',
      Gewicht: 'numeric',
      Aktiv: 'boolean',
      Angelegt: 'date',
      Geaendert_Zeit: 'bigint',
      Bild: 'jsonb',
      Zusatz: 'jsonb',
      Kategorie: 'jsonb',
      Varianten: 'jsonb',
      __GlobalStamp: 'bigint',
      __STAMP: 'bigint',
      __TIMESTAMP: 'timestamptz',
      __KEY: 'text',
    });
    const uuids = await client.survey({ entity: 'Auftrag_Position' }, testContext());
    expect(uuids.definition).toMatchObject({ key: ['Position_ID'], columns: { Position_ID: 'text', Pos_Nr: 'bigint' } });
  });

  it('never tells a counter above what was given out, and tells one that went back', async () => {
    const { client, sandbox } = await bench({ rules: { stampShown: 'last' } });
    const counter = async (): Promise<number> => Number((await client.survey({ entity: 'Auftrag' }, testContext())).counter);
    const given = sandbox.control.stats().nextStamp - 1;
    expect(await counter()).toBeLessThanOrEqual(given);
    expect(await counter()).toBeGreaterThanOrEqual(given - 1);
    sandbox.control.setGlobalStamp(5);
    expect(await counter()).toBeLessThan(5);
  });

  it.each(['next', 'last'] as const)('tells no counter below its own newest record (server shows the %s number)', async (stampShown) => {
    const { client, sandbox } = await bench({ rules: { stampShown } });
    const given = sandbox.control.stats().nextStamp;
    sandbox.control.edit('Auftrag', 3, { Kunde: 'Ohm' });
    expect(await client.survey({ entity: 'Auftrag' }, testContext())).toMatchObject({ counter: String(given) });
    const { counter } = await client.list(listOf('Auftrag', { from: String(given - 1) }), testContext());
    expect(counter).toBe(String(given));
  });

  it.each([
    ['next', (next: number) => String(next)],
    ['last', (next: number) => String(next - 1)],
    ['hidden', () => null],
  ] as const)('tells the number that it shows as what the counter is at most (server shows the %s number)', async (stampShown, shown) => {
    const { client, sandbox } = await bench({ rules: { stampShown } });
    sandbox.control.remove('Auftrag', 3);
    const { counterAtMost } = await client.survey({ entity: 'Auftrag' }, testContext());
    expect(counterAtMost).toBe(shown(sandbox.control.stats().nextStamp));
  });

  it('takes the newest record’s stamp where the server keeps its counter to itself', async () => {
    const stamp = { name: '__GlobalStamp', kind: 'storage', type: 'long64', indexed: true };
    const { client } = await saying((request, response) => {
      if (request.url?.includes('$catalog')) return json(response, catalogOf('long', [stamp]));
      json(response, { __COUNT: 9, __SENT: 1, __ENTITIES: [{ __KEY: '1', ID: 1, __GlobalStamp: 77 }] });
    });
    expect(await client.survey({ entity: 'T' }, testContext())).toMatchObject({ counter: '77' });
  });

  it('reads the catalog once for all dataclasses, and anew after some minutes or for one that is missing', async () => {
    const { client, sandbox, clock } = await bench();
    const catalogs = (): number => sandbox.control.requestLog().filter((line) => line.kind === 'catalog').length;
    for (const entity of DATA_CLASSES) await client.survey({ entity }, testContext());
    await client.list(listOf('Auftrag'), testContext());
    expect(catalogs()).toBe(1);
    clock.pass(200_000);
    await client.survey({ entity: 'Auftrag' }, testContext());
    expect(catalogs()).toBe(2);
    await failureOf(client.survey({ entity: 'Nichts' }, testContext()));
    expect(catalogs()).toBe(3);
  });

  it.each([
    ['Artikel_familie', /Did you mean Artikel_Familie\?/],
    ['Kunden', /It shows Artikel_Kategorie, Artikel_Familie, Artikel_Variante, Auftrag/],
    ['__proto__', /It shows/],
    ['Auftrag(1)/../x', /It shows/],
  ])('of %s, which is not there, names what is', async (entity, remedy) => {
    const { client, sandbox } = await bench();
    expect(await failureOf(client.survey({ entity }, testContext()))).toMatchObject({
      type: 'config_error',
      code: 'entity-unknown',
      remedy: expect.stringMatching(remedy) as string,
    });
    expect(sandbox.control.requestLog().map(({ kind }) => kind)).not.toContain('list');
  });

  it.each([
    ['no key', []],
    ['a key of two attributes', [{ name: 'ID' }, { name: 'Nr' }]],
    ['a key that is not exposed', [{ name: 'Nr' }]],
  ])('of a class with %s says what to do', async (_, key) => {
    const attributes = [{ name: 'ID', kind: 'storage', type: 'long' }];
    const { client } = await saying((_request, response) => json(response, { dataClasses: [{ name: 'T', attributes, key }] }));
    expect(await failureOf(client.survey({ entity: 'T' }, testContext()))).toMatchObject({
      type: 'config_error',
      code: 'dataclass-without-key',
      remedy: expect.stringContaining('primary key') as string,
    });
  });
});
