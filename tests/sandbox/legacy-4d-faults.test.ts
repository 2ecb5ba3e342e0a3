import { FAULTS } from '../../src/sandbox/legacy-4d';
import type { Fault, FaultRule, Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import type { Json, RestClient } from './legacy-4d-client';
import { closeSandboxes, reading } from './legacy-4d-sandboxes';

afterEach(closeSandboxes);

const LIST = { kind: 'list', dataClass: 'Artikel_Familie' } as const;

interface Struck {
  readonly account: Legacy4dSandbox & { readonly client: RestClient };
  readonly response: Response;
  readonly text: string;
}

/** The answer to a list under a fault; the next one must be good. */
async function struck(fault: Fault, rule: Partial<FaultRule> = {}): Promise<Struck> {
  const account = await reading();
  account.control.addFault({ match: LIST, times: 1, fault, ...rule });
  const response = await account.client.raw('Artikel_Familie', { $top: '5' });
  const text = await response.text();
  if (fault !== 'sessionExpired') expect(await account.client.list('Artikel_Familie', { $top: '5' })).toHaveLength(5);
  return { account, response, text };
}

describe('faults that answer badly', () => {
  it.each([
    ['unauthorized', 401, '"errCode":1561'],
    ['internal500', 500, '"errCode":1046'],
    ['error200', 200, '"errCode":1046'],
    ['noLicence', 500, 'no license available'],
    ['html502', 502, '<title>502 Bad Gateway</title>'],
    ['html500', 500, '<title>500 Internal Server Error</title>'],
    ['html200', 200, '<title>Wartung</title>'],
    ['loginRefused', 200, '{"result":false}'],
    ['wrongEnvelope', 200, '{"result":{"__entityModel"'],
  ] as const)('%s: HTTP %i with %s', async (fault, status, part) => {
    const { response, text } = await struck(fault);
    expect(response.status).toBe(status);
    expect(text).toContain(part);
    expect(response.headers.get('content-type')).toContain(fault.startsWith('html') ? 'text/html' : 'application/json');
  });

  it('emptyObject and falseEmpty: nothing, as if there were nothing', async () => {
    expect((await struck('emptyObject')).text).toBe('{}');
    expect(JSON.parse((await struck('falseEmpty')).text)).toMatchObject({
      __entityModel: 'Artikel_Familie',
      __COUNT: 0,
      __SENT: 0,
      __ENTITIES: [],
    });
  });

  it('errorBesideData: good entities, and __ERROR after them', async () => {
    const body = JSON.parse((await struck('errorBesideData')).text) as Json;
    expect(body.__ENTITIES).toHaveLength(5);
    expect(body.__ERROR).toEqual([{ message: expect.stringContaining('Error code: 1046\n'), componentSignature: 'dbmg', errCode: 1046 }]);
  });

  it('truncated and notUtf8: whole answers that no careful reader takes', async () => {
    const { text } = await struck('truncated');
    expect(text).toMatch(/^\{"__entityModel"/);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    const account = await reading();
    account.control.addFault({ match: LIST, fault: 'notUtf8' });
    const bytes = await (await account.client.raw('Artikel_Familie')).arrayBuffer();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow();
  });

  it('samePage: the first page again, whatever page was asked for', async () => {
    const { client, control } = await reading();
    const first = await client.list('Artikel_Familie', { $top: '10', $orderby: 'Familie_ID' });
    control.addFault({ match: LIST, fault: 'samePage' });
    const filter = { $filter: `"Familie_ID>${first[9]?.__KEY}"`, $skip: '10' };
    expect(await client.list('Artikel_Familie', { $top: '10', $orderby: 'Familie_ID', ...filter })).toEqual(first);
  });

  it('entitySetGone: 1802, and it stays gone', async () => {
    const { client, control } = await reading();
    const { __ENTITYSET } = await client.get('Artikel_Familie', { $method: 'entityset' });
    control.addFault('entitySet=entitySetGone,times=1');
    const path = (__ENTITYSET as string).replace('/rest/', '');
    await expect(client.get(path)).rejects.toThrow('errCode 1802');
    await expect(client.get(path)).rejects.toThrow('errCode 1802');
  });
});

describe('faults of the session', () => {
  it('sessionExpired: 401 with a new cookie; its old licence is free again', async () => {
    const { account, response } = await struck('sessionExpired');
    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toContain('WASID4D=');
    expect(account.control.stats().licences).toBe(1);
    expect(await account.client.login()).toBe(true);
  });

  it('restart: the connection breaks off, then the client is a guest and its entity sets are gone', async () => {
    const { client, control } = await reading();
    const { __ENTITYSET } = await client.get('Artikel_Familie', { $method: 'entityset' });
    control.addFault({ match: { kind: 'entitySet' }, fault: 'restart', times: 1 });
    const path = (__ENTITYSET as string).replace('/rest/', '');
    await expect(client.raw(path)).rejects.toThrow();
    expect((await client.raw(path)).status).toBe(401);
    await client.login();
    await expect(client.get(path)).rejects.toThrow('errCode 1802');
  });
});

describe('faults that do not answer', () => {
  it.each(['reset', 'resetMidBody', 'lengthTooLong', 'gzipCut', 'redirectLoop'] as const)(
    '%s: the client gets no whole answer',
    async (fault) => {
      const { client, control } = await reading();
      control.addFault({ match: LIST, fault, times: 30 });
      await expect(client.raw('Artikel_Familie').then((response) => response.json())).rejects.toThrow();
      control.clearFaults();
      expect((await client.raw('Artikel_Familie')).status).toBe(200);
    },
  );

  it.each(['hang', 'stall'] as const)('%s: closing the sandbox ends it at once', async (fault) => {
    const account = await reading();
    account.control.addFault({ match: LIST, fault });
    const hanging = expect(account.client.raw('Artikel_Familie').then((response) => response.text())).rejects.toThrow();
    while (account.control.stats().inFlight === 0) await new Promise(setImmediate);
    await account.close();
    await hanging;
  });

  it('drip and delay: the good answer takes its time', async () => {
    const { client, control } = await reading();
    control.addFault({ match: { kind: 'entity' }, fault: 'drip', delayMs: 0 });
    expect(await client.get(`Artikel_Kategorie(${control.keyOf('Artikel_Kategorie', 0)})/Kuerzel`)).toMatchObject({ Kuerzel: 'K0001' });
    control.addFault({ match: LIST, fault: 'delay', delayMs: 30 });
    const start = performance.now();
    await client.list('Artikel_Familie');
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });
});

describe('rules', () => {
  it('strike what they match, after what they skip, as often as they are told', async () => {
    const { client, control } = await reading();
    control.addFault('list:Artikel_Familie:20=html502,skip=1,times=2');
    const status = async (path: string, offset: string): Promise<number> => (await client.raw(path, { $skip: offset })).status;
    expect([await status('Artikel_Familie', '0'), await status('Artikel_Variante', '20')]).toEqual([200, 200]);
    const results: number[] = [];
    for (let n = 0; n < 4; n += 1) results.push(await status('Artikel_Familie', '20'));
    expect(results).toEqual([200, 502, 502, 200]);
    expect(control.faults()).toMatchObject([{ fault: 'html502', seen: 3, struck: 2 }]);
    expect(
      control
        .requestLog()
        .filter(({ fault }) => fault !== undefined)
        .map(({ offset, status: said }) => [offset, said]),
    ).toEqual([
      [20, 502],
      [20, 502],
    ]);
  });

  it('can mean one entity or the login, in either way to write them', async () => {
    const { client, control } = await reading();
    const key = control.keyOf('Artikel_Familie', 2);
    control.addFault(`entity:Artikel_Familie:${key}=internal500`);
    expect((await client.raw(`Artikel_Familie(${key})`)).status).toBe(500);
    expect((await client.raw(`Artikel_Familie(${control.keyOf('Artikel_Familie', 3)})`)).status).toBe(200);
    control.addFault('login=loginRefused,times=1');
    expect([await client.login(), await client.login()]).toEqual([false, true]);
  });

  it.each(['list=nonsense', 'nobody=hang', 'list:Kunden=hang', 'list=hang,often=3', 'list=hang,times=x', 'hang'])(
    '%s is refused with what there is',
    async (spec) => {
      const { control } = await reading();
      expect(() => control.addFault(spec)).toThrow(RangeError);
    },
  );
});

describe('the switchboard over HTTP', () => {
  it('is open to the control token only, and does what the control does', async () => {
    const account = await reading();
    const call = async (method: string, path: string, body?: unknown, token = account.controlToken): Promise<Response> =>
      fetch(`${account.url}/__sandbox/${path}`, {
        method,
        headers: { 'x-sandbox-token': token },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    expect((await call('GET', 'stats', undefined, 'x')).status).toBe(403);
    const { id: key } = (await (
      await call('POST', 'edit', { entity: 'Artikel_Familie', index: 0, patch: { Bezeichnung: 'Neu' } })
    ).json()) as Json;
    expect((await account.client.get(`Artikel_Familie(${key})`)).Bezeichnung).toBe('Neu');
    expect(Object.keys(((await (await call('GET', 'help')).json()) as Json).faults as object)).toEqual(FAULTS);
    expect((await call('POST', 'edit', { entity: 'Artikel_Familie', index: 0, patch: { Nichts: 1 } })).status).toBe(400);
    const truth = (await (await call('GET', 'truth/Artikel_Kategorie')).text()).trim().split('\n');
    expect(truth.map((line) => (JSON.parse(line) as Json).row)).toEqual(await account.client.list('Artikel_Kategorie'));
  });
});
