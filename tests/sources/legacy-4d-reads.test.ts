import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { allRows, bench, catalogOf, closeBenches, json, listOf, pages, rowsOf, saying, type Row } from './legacy-4d-bench';

afterEach(closeBenches);

const FAMILIES = listOf('Artikel_Familie');
const keysOf = (rows: readonly Row[]): unknown[] => rows.map((row) => row['__KEY']);
const unique = (values: readonly unknown[]): unknown[] => [...new Set(values)];

describe('a complete list', () => {
  it.each([
    [80, 2],
    [79, 2],
    [81, 1],
    [40, 3],
    [27, 3],
    [1, 81],
  ])('of 80 records in pages of %i comes whole, once, in %i requests', async (pageSize, requests) => {
    const { client, sandbox } = await bench({}, { pageSize });
    const rows = await allRows(client, FAMILIES);
    expect(rows).toEqual([...sandbox.control.truth('Artikel_Familie')].map(({ row }) => JSON.parse(row) as Row));
    expect(sandbox.control.requestLog().filter((line) => line.kind === 'list')).toHaveLength(requests);
  });

  it('by a key of text comes whole and once', async () => {
    const { client, sandbox } = await bench({ counts: { Auftrag: 40 } }, { pageSize: 10 });
    const keys = keysOf(await allRows(client, listOf('Auftrag_Position')));
    expect(keys.length).toBeGreaterThan(100);
    expect([...keys].sort()).toEqual([...sandbox.control.truth('Auftrag_Position')].map(({ key }) => key).sort());
  });

  it('loses and repeats nothing when records are inserted and deleted between its pages', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    const first = await client.list(FAMILIES, testContext());
    const gone = [1, 2, 40].map((index) => sandbox.control.remove('Artikel_Familie', index));
    const made = sandbox.control.create('Artikel_Familie');
    const keys = keysOf([first, ...(await pages(client, { ...FAMILIES, position: first.next }))].flatMap(rowsOf));
    expect(unique(keys)).toHaveLength(keys.length);
    expect(keys).toContain(made);
    expect(keys).not.toContain(gone[2]);
    expect(keys).toHaveLength(80);
  });

  it('is not over where the server sends fewer than it was asked for', async () => {
    const rows = [1, 2, 3, 4, 5].map((ID) => ({ __KEY: String(ID), ID }));
    const { client } = await saying((request, response) => {
      if (request.url?.includes('$catalog')) return json(response, catalogOf('long'));
      const after = Number(/\[(\d+)\]/.exec(decodeURIComponent(request.url ?? ''))?.[1] ?? 0);
      const found = rows.filter(({ ID }) => ID > after);
      json(response, { __COUNT: found.length, __SENT: Math.min(2, found.length), __ENTITIES: found.slice(0, 2) });
    });
    expect(keysOf(await allRows(client, listOf('T')))).toEqual(['1', '2', '3', '4', '5']);
  });

  it('that is empty is one page without records', async () => {
    const { client } = await bench({ counts: { Auftrag: 0 } });
    expect((await pages(client, listOf('Auftrag'))).map(rowsOf)).toEqual([[]]);
  });

  it('tells the counter with each page, never above what was given out, whichever number the server shows', async () => {
    for (const stampShown of ['next', 'last'] as const) {
      const { client, sandbox } = await bench({ rules: { stampShown } }, { pageSize: 40 });
      const answers = await pages(client, FAMILIES);
      const given = sandbox.control.stats().nextStamp - 1;
      expect(answers.map(({ counter }) => Number(counter))).toEqual(answers.map(() => (stampShown === 'next' ? given : given - 1)));
    }
  });

  it('tells no counter where 4D shows 0 for want of tracking', async () => {
    const { client } = await saying((request, response) =>
      json(response, request.url?.includes('$catalog') ? catalogOf('long') : { __GlobalStamp: 0, __COUNT: 0, __SENT: 0, __ENTITIES: [] }),
    );
    expect((await client.list(listOf('T'), testContext())).counter).toBeUndefined();
  });

  it('tells no counter where nothing is tracked, and the clock of the server', async () => {
    const { client } = await bench({ changeTracking: false, startClock: '2031-01-01T00:00:00Z' });
    const answer = await client.list(FAMILIES, testContext());
    expect(answer.counter).toBeUndefined();
    expect(answer.clock).toBe('2031-01-01T00:00:00.000000Z');
  });

  it('comes byte for byte as it was sent: days in both ways of writing, empty days, relations, line ends', async () => {
    const simple = await bench();
    const orders = (await simple.client.list(listOf('Auftrag'), testContext())).body.toString();
    for (const { row } of simple.sandbox.control.truth('Auftrag')) expect(orders).toContain(row);
    expect(orders).toMatch(/"Liefer_Datum":"0!0!0"/);
    expect(orders).toMatch(/"Datum":"\d\d!\d\d!\d{4}"/);
    expect(orders).toMatch(/"Positionen":\{"__deferred":\{"uri":/);
    const iso = await bench({ dates: 'iso' });
    expect((await iso.client.list(listOf('Auftrag'), testContext())).body.toString()).toMatch(/"Datum":"\d{4}-\d\d-\d\dT00:00:00Z"/);
  });

  it('goes on exactly behind a key beyond 2^53', async () => {
    const keys = ['9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775807'];
    const asked: string[] = [];
    const { client } = await saying(
      (request, response) => {
        if (request.url?.includes('$catalog')) return json(response, catalogOf('long64'));
        const after = /\[(\d+)\]/.exec(decodeURIComponent(request.url ?? ''))?.[1];
        asked.push(after ?? '');
        const found = keys.filter((key) => BigInt(key) > BigInt(after ?? 0)).slice(0, 1);
        const rows = found.map((key) => `{"__KEY":"${key}","ID":${key}}`).join(',');
        json(response, `{"__COUNT":${found.length},"__SENT":${found.length},"__ENTITIES":[${rows}]}`);
      },
      { pageSize: 1 },
    );
    const answers = await pages(client, listOf('T'));
    expect(asked).toEqual(['', ...keys]);
    expect(answers[2]!.body.toString()).toContain('"ID":9007199254740993');
  });
});

describe('a list from a stamp on', () => {
  const from = (stamp: number | string, more = {}): typeof FAMILIES => listOf('Artikel_Familie', { from: String(stamp), ...more });

  it('brings what was changed at that stamp or later, in its order', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 2 });
    const start = sandbox.control.stats().nextStamp;
    const changed = [7, 3, 60, 2, 11].map((index) => sandbox.control.edit('Artikel_Familie', index, { Gewicht: index }));
    expect(unique(keysOf(await allRows(client, from(start))))).toEqual(changed);
    expect(unique(keysOf(await allRows(client, from(start + 4))))).toEqual(changed.slice(4));
    expect(await allRows(client, from(start + 5))).toEqual([]);
    expect(unique(keysOf(await allRows(client, from(start, { to: String(start + 1) }))))).toEqual(changed.slice(0, 2));
  });

  it.each([1, 2, 3, 4, 5, 7])('loses nothing where six records share one stamp, in pages of %i', async (pageSize) => {
    const { client, sandbox } = await bench({}, { pageSize });
    const { control } = sandbox;
    const start = control.stats().nextStamp;
    control.edit('Artikel_Familie', 50, { Gewicht: 1 });
    const shared = control.reserveStamp();
    for (const record of [9, 1, 30, 4, 22, 17]) control.edit('Artikel_Familie', record, { Gewicht: 2 }, { globalStamp: shared });
    control.edit('Artikel_Familie', 51, { Gewicht: 3 });
    const wanted = [50, 9, 1, 30, 4, 22, 17, 51].map((index) => control.keyOf('Artikel_Familie', index));
    expect(unique(keysOf(await allRows(client, from(start)))).sort()).toEqual([...wanted].sort());
  });

  it('shows no page twice where every record has the same stamp, as when tracking was switched on late', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    for (let index = 0; index < 80; index += 1) sandbox.control.edit('Artikel_Familie', index, {}, { globalStamp: 0 });
    const keys = (await pages(client, from(-1))).map((answer) => JSON.stringify(keysOf(rowsOf(answer))));
    expect(unique(keys)).toHaveLength(keys.length);
    expect(unique(keys.flatMap((text) => JSON.parse(text) as unknown[]))).toHaveLength(80);
  });

  it('follows records that are edited while it is read, and ends', async () => {
    const { client, sandbox } = await bench({}, { pageSize: 10 });
    const first = await client.list(from(0), testContext());
    const late = sandbox.control.edit('Artikel_Familie', 79, { Gewicht: 5 });
    const rest = (await pages(client, { ...from(0), position: first.next })).flatMap(rowsOf);
    expect(unique(keysOf([...rowsOf(first), ...rest]))).toHaveLength(80);
    expect(rest.at(-1)).toMatchObject({ __KEY: late, Gewicht: 5 });
  });
});

describe('a detail', () => {
  it.each(['Artikel_Familie', 'Auftrag_Position'] as const)('of %s is the record, and is not found once it is deleted', async (entity) => {
    const { client, sandbox } = await bench();
    const [gone, alive] = [sandbox.control.remove(entity, 1), sandbox.control.keyOf(entity, 2)];
    expect(await client.detail({ entity, id: gone }, testContext())).toMatchObject({ found: false, clock: '2026-10-01T08:00:00.000000Z' });
    const answer = await client.detail({ entity, id: alive }, testContext());
    expect(answer.found && answer.body.toString()).toContain(`"__KEY":"${alive}"`);
  });

  it.each([200, 404, 500])('of a deleted record is not found with HTTP %i as well: the code decides', async (missingEntity) => {
    const { client, sandbox } = await bench({ rules: { missingEntity } });
    const id = sandbox.control.remove('Artikel_Familie', 1);
    expect(await client.detail({ entity: 'Artikel_Familie', id }, testContext())).toMatchObject({ found: false });
  });

  it('of a dataclass that the server does not show is an error, not a deletion', async () => {
    const { client } = await bench();
    const error = await failureOf(client.detail({ entity: 'Artikel_Fabrik', id: '1' }, testContext()));
    expect(error).toMatchObject({ type: 'config_error', code: 'entity-unknown' });
  });

  it('that a proxy answers with 404 is an error, not a deletion', async () => {
    const { client } = await saying((request, response) => {
      if (request.url?.includes('$catalog')) return json(response, catalogOf('long'));
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not Found</html>');
    });
    expect(await failureOf(client.detail({ entity: 'T', id: '1' }, testContext()))).toMatchObject({ code: 'legacy-4d-url-wrong' });
  });

  it('is asked for with brackets where the server knows no other way, and then at once', async () => {
    const urls: string[] = [];
    const { client } = await saying((request, response) => {
      urls.push(request.url ?? '');
      if (request.url?.includes('$catalog')) return json(response, catalogOf('long'));
      if (request.url === '/rest/T[1]') return json(response, { __KEY: '1', ID: 1 });
      const gone = request.url === '/rest/T[2]';
      response.writeHead(404, { 'content-type': 'application/json' }).end(gone ? '{"__ERROR":[{"errCode":1542}]}' : '{}');
    });
    expect(await client.detail({ entity: 'T', id: '1' }, testContext())).toMatchObject({ found: true });
    expect(await client.detail({ entity: 'T', id: '2' }, testContext())).toMatchObject({ found: false });
    expect(urls.slice(-3)).toEqual(['/rest/T(1)', '/rest/T[1]', '/rest/T[2]']);
  });

  it('with the key of another record is a failure', async () => {
    const { client } = await saying((request, response) =>
      json(response, request.url?.includes('$catalog') ? catalogOf('long') : { __KEY: '2', ID: 2 }),
    );
    expect(await failureOf(client.detail({ entity: 'T', id: '1' }, testContext()))).toMatchObject({ code: 'answer-misshapen' });
  });

  it('asks for texts in quotes and for numbers bare, everything percent-encoded', async () => {
    const urls: (string | undefined)[] = [];
    const texts = await saying((request, response) => {
      urls.push(request.url);
      json(response, request.url?.includes('$catalog') ? catalogOf('string') : { __KEY: 'a|b %/Ü', ID: 'a|b %/Ü' });
    });
    await texts.client.detail({ entity: 'T', id: 'a%7Cb %25/Ü' }, testContext());
    expect(urls.at(-1)).toBe('/rest/T(%22a%7Cb%20%25%2F%C3%9C%22)');
    const { client, sandbox } = await bench();
    const id = sandbox.control.keyOf('Artikel_Familie', 2);
    await client.detail({ entity: 'Artikel_Familie', id }, testContext());
    expect(sandbox.control.requestLog().at(-1)?.path).toBe(`/rest/Artikel_Familie(${id})`);
  });

  it.each(['', '1)/x', 'abc', '1.2.3', '../x'])('is not asked for with the key "%s"', async (id) => {
    const { client, sandbox } = await bench();
    await client.list(FAMILIES, testContext());
    const before = sandbox.control.requestLog().length;
    expect(await failureOf(client.detail({ entity: 'Artikel_Familie', id }, testContext()))).toMatchObject({ code: 'id-unusable' });
    expect(sandbox.control.requestLog()).toHaveLength(before);
  });
});

describe('the feed of deletions', () => {
  it.each([1, 2, 3, 100])('tells the keys of one dataclass with their stamps, from a stamp on, in pages of %i', async (pageSize) => {
    const { client, sandbox } = await bench({}, { pageSize });
    const { control } = sandbox;
    const start = control.stats().nextStamp;
    const gone = [5, 9, 2].map((index) => control.remove('Artikel_Familie', index));
    control.remove('Artikel_Variante', 4);
    gone.push(control.remove('Artikel_Familie', 70));
    const read = async (from: string | null): Promise<{ id: string; stamp: string }[]> => {
      const found = new Map<string, string>();
      let answer = await client.deletions({ entity: 'Artikel_Familie', from, position: null }, testContext());
      for (;;) {
        for (const { id, stamp } of answer.deletions) found.set(id, stamp);
        if (answer.next === null) return [...found].map(([id, stamp]) => ({ id, stamp }));
        answer = await client.deletions({ entity: 'Artikel_Familie', from, position: answer.next }, testContext());
      }
    };
    const all = [0, 1, 2, 4].map((n, index) => ({ id: gone[index], stamp: String(start + n) }));
    expect(await read(null)).toEqual(all);
    expect(await read(String(start + 2))).toEqual(all.slice(2));
    expect(await read(String(start + 5))).toEqual([]);
  });

  it('is an error where the server keeps none', async () => {
    const { client } = await bench({ changeTracking: false });
    const asking = client.deletions({ entity: 'Artikel_Familie', from: null, position: null }, testContext());
    expect(await failureOf(asking)).toMatchObject({ type: 'config_error', code: 'legacy-4d-url-wrong' });
  });
});

describe('the digest of a question', () => {
  it('is equal for equal questions, another for each other one, and free of secrets', async () => {
    const { client, open } = await bench({}, { pageSize: 10 });
    const ask = async (more = {}, by = client): Promise<string> =>
      (await by.list(listOf('Artikel_Familie', more), testContext())).requestDigest;
    const digests = [
      await ask(),
      await ask({ position: { after: '500' } }),
      await ask({ from: '1' }),
      await ask({ filters: { Aktiv: true } }),
    ];
    expect(await ask()).toBe(digests[0]);
    expect(await ask({}, open())).toBe(digests[0]);
    expect(unique(digests)).toHaveLength(4);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});
