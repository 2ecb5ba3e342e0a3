import { DATA_CLASSES } from '../../src/sandbox/legacy-4d';
import type { DataClassName, Legacy4dControl } from '../../src/sandbox/legacy-4d';
import type { Json, RestClient } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

type Copy = Map<string, string>;

const truthOf = (control: Legacy4dControl, name: DataClassName): Copy =>
  new Map([...control.truth(name)].map(({ key, row }) => [key, row]));

async function readAll(client: RestClient, name: string, size = 37): Promise<Copy> {
  const copy: Copy = new Map();
  for await (const row of client.every(name, size)) {
    expect(copy.has(row.__KEY as string)).toBe(false);
    copy.set(row.__KEY as string, JSON.stringify(row));
  }
  return copy;
}

/** 64-bit numbers lose digits in JSON.parse, here as in the copy. */
const rounded = (copy: Copy): Copy => new Map([...copy].map(([key, row]) => [key, JSON.stringify(JSON.parse(row))]));

/** What freshet will have to do: changes by stamp, deletions by the feed, its own high-water mark for each. */
async function readChanges(client: RestClient, name: string, copy: Copy, marks: { row: number; gone: number }): Promise<void> {
  const rows = await client.list(name, { $filter: `"__GlobalStamp > ${marks.row}"`, $orderby: '"__GlobalStamp asc"', $top: '10000' });
  for (const row of rows) copy.set(row.__KEY as string, JSON.stringify(row));
  const gone = await client.list('__DeletedRecords', { $filter: `"__Stamp > ${marks.gone} AND __TableName = ${name}"`, $top: '10000' });
  for (const { __PrimaryKey } of gone) copy.delete(__PrimaryKey as string);
  marks.row = Math.max(marks.row, ...rows.map(({ __GlobalStamp }: Json) => __GlobalStamp as number));
  marks.gone = Math.max(marks.gone, ...gone.map(({ __Stamp }: Json) => __Stamp as number));
}

describe('a client written from the API description alone', () => {
  it.each(DATA_CLASSES)('reads every %s exactly once, page after page by key', async (name) => {
    const { client, control } = await reading();
    expect(await readAll(client, name)).toEqual(rounded(truthOf(control, name)));
    expect(control.stats()).toMatchObject({ sessions: 1, licences: 1 });
  });

  it('reads the same with the other login and ISO dates', async () => {
    const { client, control } = await reading({ generation: 'force-login', dates: 'iso', changeTracking: false });
    expect(await readAll(client, 'Artikel_Variante', 100)).toEqual(rounded(truthOf(control, 'Artikel_Variante')));
  });

  it('misses nothing that was there all the time while others come and go under the read', async () => {
    const { client, control } = await reading();
    const steady = new Set([...control.truth('Artikel_Variante')].map(({ key }) => key));
    for (let n = 0; n < 8; n += 1) {
      control.onRequest({ kind: 'list', dataClass: 'Artikel_Variante', nth: n + 1 }, () => {
        steady.delete(control.remove('Artikel_Variante', n * 31));
        control.create('Artikel_Variante');
      });
    }
    const copy = await readAll(client, 'Artikel_Variante');
    expect([...steady].filter((key) => !copy.has(key))).toEqual([]);
    expect([...steady].length).toBe(292);
  });

  it('sees duplicates or holes under $skip when rows go meanwhile', async () => {
    const { client, control } = await reading();
    const first = await client.list('Artikel_Variante', { $top: '150' });
    control.remove('Artikel_Variante', 0);
    const second = await client.list('Artikel_Variante', { $top: '150', $skip: '150' });
    const seen = new Set([...first, ...second].map(({ __KEY }) => __KEY as string));
    expect(seen.has(control.keyOf('Artikel_Variante', 150))).toBe(false);
  });

  it('keeps a copy by stamps and deletions through a hundred changes', async () => {
    const { client, control } = await reading();
    const name = 'Artikel_Variante';
    const copy: Copy = new Map();
    const marks = { row: 0, gone: 0 };
    for (let round = 0; round < 10; round += 1) {
      await readChanges(client, name, copy, marks);
      expect(copy).toEqual(rounded(truthOf(control, name)));
      for (let n = 0; n < 10; n += 1) {
        control.advanceClock(1500);
        const index = round * 25 + n;
        if (n % 5 === 4) control.create(name, { Bestand: n });
        else if (n % 5 === 3) control.remove(name, index);
        else control.edit(name, index, { Preis_VK: round + n / 100 });
      }
    }
    await readChanges(client, name, copy, marks);
    expect(copy).toEqual(rounded(truthOf(control, name)));
    expect(copy.size).toBe(300);
  });
});
