import fc from 'fast-check';

import { isFreshetError } from '../../src/domain/errors';
import type { ListRequest } from '../../src/sources/source';
import { failureOf } from '../http/answer-server';
import { testContext } from '../http/test-context';
import { bench, closeBenches, json, listOf, rowsOf, saying, type Bench } from './legacy-4d-bench';

let made: Bench;

beforeAll(async () => {
  made = await bench({ changeTracking: false });
});
afterAll(closeBenches);

type Filters = ListRequest['filters'];

/** Names of the records that a filter finds; or the code of its refusal. */
async function found(filters: Filters): Promise<unknown> {
  try {
    const answer = await made.client.list(listOf('Artikel_Familie', { filters }), testContext());
    return rowsOf(answer).map((row) => row['__KEY']);
  } catch (error) {
    if (isFreshetError(error)) return error.code;
    throw error;
  }
}

const key = (index: number): string => made.sandbox.control.keyOf('Artikel_Familie', index);
const name = (index: number, Bezeichnung: string): string => made.sandbox.control.edit('Artikel_Familie', index, { Bezeichnung });

describe('a filter of the pipeline file', () => {
  it.each([
    "O'Reilly & Söhne",
    'sag "ja"',
    '100 % Wolle',
    'a+b=c & d?e#f/g',
    'C:\\temp\\u0027',
    ':1',
    'null',
    'Ge AND wicht = 1 OR (',
    '\'"\'"',
    'Zeile 1\rZeile 2\ttab',
    '😀 ﬁn\u0301',
    ' Rand ',
  ])('finds the one record that is called %j', async (text) => {
    name(3, text);
    expect(await found({ Bezeichnung: text })).toEqual([key(3)]);
  });

  it('finds by numbers, booleans and days, several at once', async () => {
    made.sandbox.control.edit('Artikel_Familie', 4, { Gewicht: 12.345, Aktiv: false, Angelegt: '2031-03-05' });
    expect(await found({ Gewicht: 12.345 })).toEqual([key(4)]);
    expect(await found({ Gewicht: 12.345, Aktiv: false })).toEqual([key(4)]);
    expect(await found({ Gewicht: 12.345, Aktiv: true })).toEqual([]);
    for (const Angelegt of ['2031-03-05', '05!03!2031', '2031-03-05T00:00:00Z']) expect(await found({ Angelegt })).toEqual([key(4)]);
  });

  it('is kept on every page', async () => {
    const small = made.open({ pageSize: 3 });
    const request = listOf('Artikel_Familie', { filters: { Aktiv: true } });
    const count = [...made.sandbox.control.truth('Artikel_Familie')].filter(({ row }) => row.includes('"Aktiv":true')).length;
    let seen = 0;
    for (let { position } = request; ;) {
      const answer = await small.list({ ...request, position }, testContext());
      seen += rowsOf(answer).length;
      if (answer.next === null) break;
      position = answer.next;
    }
    expect(seen).toBe(count);
  });

  it('with an @ is refused before anything is asked: it would be a wildcard', async () => {
    name(5, 'info@firma.de');
    name(6, 'infothek-firma.de');
    const before = made.sandbox.control.requestLog().length;
    const error = await failureOf(
      made.client.list(listOf('Artikel_Familie', { filters: { Bezeichnung: 'info@firma.de' } }), testContext()),
    );
    expect(error).toMatchObject({
      type: 'config_error',
      code: 'filter-not-exact',
      message: expect.stringContaining('Bezeichnung') as string,
      remedy: expect.stringContaining('Filter by a number, a boolean or a key instead') as string,
    });
    expect(made.sandbox.control.requestLog()).toHaveLength(before);
  });

  it('that finds another spelling as well is refused rather than believed', async () => {
    name(7, 'Müller');
    expect(await found({ Bezeichnung: 'Müller' })).toEqual([key(7)]);
    name(8, 'MULLER');
    expect(await found({ Bezeichnung: 'Müller' })).toBe('filter-not-exact');
  });

  it('on a text takes a number for its digits', async () => {
    name(9, '4711');
    expect(await found({ Bezeichnung: 4711 })).toEqual([key(9)]);
  });

  it.each(['gewicht', 'Varianten', 'Bild', 'Kategorie.Kuerzel', '__proto__', 'a b', 'Gewicht = 1 OR Gewicht'])(
    'on %s, which has no value to compare, is refused',
    async (attribute) => {
      expect(await found(Object.fromEntries([[attribute, 1]]))).toBe('attribute-unknown');
    },
  );

  it('on a misspelt attribute names the one that was meant', async () => {
    const error = await failureOf(made.client.list(listOf('Artikel_Familie', { filters: { gewicht: 1 } }), testContext()));
    expect(error).toMatchObject({ type: 'config_error', remedy: expect.stringContaining('Did you mean Gewicht?') as string });
  });

  it('takes an empty text for the null that 4D may send for it', async () => {
    const { client } = await saying((request, response) => {
      const attributes = ['ID', 'Name'].map((each) => ({ name: each, kind: 'storage', type: 'string' }));
      if (request.url?.includes('$catalog')) return json(response, { dataClasses: [{ name: 'T', attributes, key: [{ name: 'ID' }] }] });
      json(response, { __COUNT: 1, __SENT: 1, __ENTITIES: [{ __KEY: 'a', ID: 'a', Name: null }] });
    });
    expect(rowsOf(await client.list(listOf('T', { filters: { Name: '' } }), testContext()))).toHaveLength(1);
  });

  it('goes over the wire percent-encoded, quotes inside as character codes', async () => {
    const urls: string[] = [];
    const { client } = await saying((request, response) => {
      urls.push(request.url ?? '');
      const attributes = ['ID', 'Name'].map((each) => ({ name: each, kind: 'storage', type: 'string' }));
      if (request.url?.includes('$catalog')) return json(response, { dataClasses: [{ name: 'T', attributes, key: [{ name: 'ID' }] }] });
      json(response, { __COUNT: 0, __SENT: 0, __ENTITIES: [] });
    });
    await client.list(listOf('T', { filters: { Name: 'O\'R "x" 1+1' } }), testContext());
    expect(urls.at(-1)).toBe(
      '/rest/T?$filter=%22Name%20%3D%20%3A1%22&$orderby=%22ID%20asc%22' +
        '&$params=%27%5B%22O%5Cu0027R%20%5Cu0022x%5Cu0022%201%2B1%22%5D%27&$top=1000',
    );
  });

  it('finds exactly the record with its value, whatever text it is, or is refused', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({
        unit: fc.constantFrom("'", '"', '\\', '@', '%', '+', ' ', 'ä', 'A', 'a', ':', '1', 'u', '0', '2', '7', '\r'),
        maxLength: 8,
      }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(text, text, async (value, other) => {
        fc.pre(value !== '');
        name(20, value);
        name(21, other);
        const exact = other === value ? [key(20), key(21)] : [key(20)];
        const answer = await found({ Bezeichnung: value });
        if (answer === 'filter-not-exact') refused += 1;
        else expect(answer).toEqual(exact);
        if (answer === 'filter-not-exact' && !value.includes('@')) {
          name(21, '');
          expect(await found({ Bezeichnung: value })).not.toContain(key(21));
        }
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeLessThan(150);
  });
});
