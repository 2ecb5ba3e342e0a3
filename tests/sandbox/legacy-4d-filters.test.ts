import type { Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import type { Params, RestClient } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

let account: Legacy4dSandbox & { readonly client: RestClient };

beforeAll(async () => {
  account = await reading({ changeTracking: false });
  const names = ['Müller', 'MULLER', 'Mulley', "O'Reilly", 'info@firma.de', 'sag "ja"', ''];
  names.forEach((Bezeichnung, index) =>
    account.control.edit('Artikel_Familie', index, { Bezeichnung, Gewicht: index, Aktiv: index % 2 === 0 }),
  );
  account.control.edit('Artikel_Familie', 7, { Beschreibung_EN: null, Bezeichnung: 'null' });
});
afterAll(closeSandboxes);

/** Indices of the families that a filter finds. */
async function found(filter: string, more: Params = {}): Promise<number[]> {
  const rows = await account.client.list('Artikel_Familie', { $filter: filter, $top: '1000', ...more });
  return rows.map(({ __KEY }) => account.control.indexOf('Artikel_Familie', __KEY as string));
}

async function refused(filter: string, more: Params = {}): Promise<string> {
  return found(filter, more).then(
    () => 'found',
    (error: Error) => error.message,
  );
}

describe('a filter', () => {
  it.each([
    ['"Gewicht<2 AND Familie_ID<:1"', [0, 1]],
    ['"Gewicht>=1 AND Gewicht <= 3 AND Familie_ID<:1"', [1, 2, 3]],
    ['"Gewicht!=1 AND Familie_ID<:1"', [0, 2, 3, 4, 5, 6]],
    ['"(Gewicht=1 OR Gewicht=3) AND Familie_ID<:1"', [1, 3]],
    ['"Gewicht<4 EXCEPT Gewicht=2 AND Familie_ID<:1"', [0, 1, 3]],
    ['"Aktiv=true AND Familie_ID<:1"', [0, 2, 4, 6]],
    ['"Aktiv=false and Familie_ID<:1"', [1, 3, 5]],
  ])('%s finds by numbers and booleans', async (filter, indices) => {
    expect(await found(filter, { $params: `'[${account.control.keyOf('Artikel_Familie', 7)}]'` })).toEqual(indices);
  });

  it.each([
    ['"Bezeichnung=muller"', [0, 1]],
    ['"Bezeichnung=\'MÜLLER\'"', [0, 1]],
    ['"Bezeichnung=mull@"', [0, 1, 2]],
    ['"Bezeichnung=@lle@"', [0, 1, 2]],
    ['"Bezeichnung begin mulle"', [0, 1, 2]],
    ["Bezeichnung='O\\u0027Reilly'", [3]],
    ['"Bezeichnung=O\'Reilly"', [3]],
    ['"Bezeichnung=\'sag \\u0022ja\\u0022\'"', [5]],
    ['"Bezeichnung=\'\'"', [6]],
  ])('%s finds texts without regard to case and accents', async (filter, indices) => {
    expect(await found(filter)).toEqual(indices);
  });

  it('takes @ for a wildcard in equality, placeholders included: an e-mail address finds too much', async () => {
    account.control.edit('Artikel_Familie', 8, { Bezeichnung: 'infothek-firma.de' });
    const $params = `'${JSON.stringify(['info@firma.de'])}'`;
    expect(await found('"Bezeichnung=:1"', { $params })).toEqual([4, 8]);
    expect(await found('"Bezeichnung!=:1"', { $params })).not.toContain(8);
  });

  it('takes values from $params, typed, with quotes as character codes', async () => {
    expect(await found('"Bezeichnung=:2 AND Gewicht>:1"', { $params: '\'[2,"O\\u0027Reilly"]\'' })).toEqual([3]);
    expect(await refused('"Bezeichnung=:1"', { $params: `'["O'Reilly"]'` })).toContain('character code');
    expect(await refused('"Bezeichnung=:2"', { $params: '\'["x"]\'' })).toContain('$params has no value for :2');
    for (const $params of ["'nonsense'", "'[[1]]'", '\'"x"\'']) {
      expect(await refused('"Gewicht=:1"', { $params })).toContain('$params is no JSON array of plain values');
    }
  });

  it('tells null from empty and from the text "null"', async () => {
    const nothing = await found('"Beschreibung_EN = null"');
    expect(nothing).toContain(7);
    expect(nothing.every((index) => account.control.value('Artikel_Familie', index, 'Beschreibung_EN') === null)).toBe(true);
    expect(await found('"Bezeichnung=\'null\'"')).toEqual([7]);
    expect((await found('"Beschreibung_EN != null"')).length + nothing.length).toBe(80);
  });

  it('compares days however they are written', async () => {
    account.control.edit('Artikel_Variante', 0, { Auslauf_Am: '2031-03-05' });
    for (const day of ['2031-03-05', '05!03!2031', '2031-03-05T00:00:00Z']) {
      expect(await account.client.list('Artikel_Variante', { $filter: `"Auslauf_Am>=${day}"` })).toHaveLength(1);
    }
    expect(await account.client.list('Artikel_Variante', { $filter: '"Auslauf_Am > 0!0!0"', $top: '1' })).toHaveLength(1);
  });

  it('reaches through relations to one entity, and into objects', async () => {
    const [first] = await account.client.list('Artikel_Familie', { $top: '1' });
    const code = account.control.value('Artikel_Kategorie', String(first?.Kategorie_ID), 'Kuerzel') as string;
    expect(await found(`"Kategorie.Kuerzel=${code}"`)).toContain(0);
    const seven = await found('"Zusatz.num = 6"');
    expect(seven.length).toBeGreaterThan(0);
    for (const index of seven) expect(account.control.value('Artikel_Familie', index, 'Zusatz')).toMatchObject({ num: 6 });
  });

  it.each([
    ['"Nichts=1"', '1500'],
    ['"gewicht=1"', '1500'],
    ['"__TIMESTAMP>2026-01-01"', '1500'],
    ['"__GlobalStamp>1"', '1500'],
    ['"Gewicht=abc"', '1513'],
    ['"Gewicht==1"', '1513'],
    ['"Gewicht=1 AND"', '1513'],
    ['"Gewicht', '1513'],
    ['"Bezeichnung="x""', '1513'],
    ['"Gewicht begin 1"', '1513'],
  ])('%s is an error, not an empty answer', async (filter, code) => {
    expect(await refused(filter)).toContain(`HTTP 500 errCode ${code}`);
  });

  it('is percent-decoded and nothing else: a + is a plus', async () => {
    const response = await account.client.raw('Artikel_Familie?$filter=%22Gewicht=1+AND+Aktiv=true%22');
    expect(response.status).toBe(500);
    expect((await account.client.raw('Artikel_Familie?$filter=%zz')).status).toBe(500);
  });
});
