import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SQUARE_FAULT_MEANINGS, SQUARE_FAULTS } from '../../src/sandbox/square';
import { squareFaultRule } from '../../src/sandbox/square/faults';
import type { Json } from './independent-client';
import { caller, closeSquare, locationIds, since, square } from './square-sandboxes';

afterEach(closeSquare);

const FIRST = '2020-01-01T00:00:00Z';

/** What comes for one search of orders with a fault; the next one must be good again. */
async function struck(spec: string): Promise<{ response: Response; text: string; bytes: Buffer }> {
  const sandbox = await square();
  const { raw } = caller(sandbox);
  sandbox.control.addFault(`orders=${spec},times=1`);
  const body = since(sandbox, FIRST, { limit: 20 });
  const response = await raw('orders/search', body);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect((await raw('orders/search', body)).status).toBe(200);
  return { response, bytes, text: bytes.toString() };
}

describe('faults that answer badly', () => {
  it.each([
    ['rateLimited', 429, 'RATE_LIMIT_ERROR', 'RATE_LIMITED'],
    ['expired', 401, 'AUTHENTICATION_ERROR', 'ACCESS_TOKEN_EXPIRED'],
    ['revoked', 401, 'AUTHENTICATION_ERROR', 'ACCESS_TOKEN_REVOKED'],
    ['unauthorized', 401, 'AUTHENTICATION_ERROR', 'UNAUTHORIZED'],
    ['scopes', 403, 'AUTHENTICATION_ERROR', 'INSUFFICIENT_SCOPES'],
    ['invalidCursor', 400, 'INVALID_REQUEST_ERROR', 'INVALID_CURSOR'],
    ['badGateway', 502, 'API_ERROR', 'BAD_GATEWAY'],
    ['internal', 500, 'API_ERROR', 'INTERNAL_SERVER_ERROR'],
    ['unavailable', 503, 'API_ERROR', 'SERVICE_UNAVAILABLE'],
    ['gatewayTimeout', 504, 'API_ERROR', 'GATEWAY_TIMEOUT'],
    ['errorsIn200', 200, 'API_ERROR', 'INTERNAL_SERVER_ERROR'],
  ] as const)('%s: HTTP %i, %s, %s', async (fault, status, category, code) => {
    const { response, text } = await struck(fault);
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toEqual({
      errors: [{ category, code, detail: expect.any(String), ...(fault === 'invalidCursor' && { field: 'cursor' }) }],
    });
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('a rate answer says when to come back only when told so', async () => {
    expect((await struck('rateLimited,retry_after=9')).response.headers.get('retry-after')).toBe('9');
  });

  it('html502 and html200: a page of HTML', async () => {
    for (const [fault, status] of [
      ['html502', 502],
      ['html200', 200],
    ] as const) {
      const { response, text } = await struck(fault);
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/html; charset=UTF-8']);
      expect(text).toContain('<html>');
    }
  });

  it('errorsBesideRecords: both in one answer', async () => {
    const body = JSON.parse((await struck('errorsBesideRecords')).text) as Json;
    expect(body.errors).toHaveLength(1);
    expect(body.orders).toHaveLength(20);
  });

  it('emptyObject and wrongEnvelope: good JSON without the list', async () => {
    expect((await struck('emptyObject')).text).toBe('{}');
    expect(Object.keys(JSON.parse((await struck('wrongEnvelope')).text) as Json)).toEqual(['data']);
  });

  it('truncated and notUtf8: a body that does not parse, and one that only a strict decoder refuses', async () => {
    const { text } = await struck('truncated');
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    const { bytes } = await struck('notUtf8');
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow();
  });

  it('samePage: the cursor leads to the same page again, for ever', async () => {
    const sandbox = await square();
    const { json } = caller(sandbox);
    const body = since(sandbox, FIRST, { limit: 10 });
    const first = await json('orders/search', body);
    sandbox.control.addFault('orders=samePage');
    const second = await json('orders/search', { ...body, cursor: first.cursor });
    const third = await json('orders/search', { ...body, cursor: second.cursor });
    expect(second.orders).not.toEqual(first.orders);
    expect(third.orders).toEqual(second.orders);
  });
});

describe('faults that do not answer', () => {
  it.each(['reset', 'resetMidBody', 'lengthTooLong'])('%s: the connection breaks', async (fault) => {
    const sandbox = await square();
    const { raw } = caller(sandbox);
    sandbox.control.addFault(`orders=${fault},times=1`);
    await expect(raw('orders/search', since(sandbox, FIRST)).then((response) => response.text())).rejects.toThrow();
    expect((await raw('orders/search', since(sandbox, FIRST))).status).toBe(200);
  });

  it('hang: nothing comes until the sandbox closes', async () => {
    const sandbox = await square();
    sandbox.control.addFault('locations=hang');
    const hanging = expect(caller(sandbox).raw('locations')).rejects.toThrow();
    while (sandbox.control.stats().inFlight === 0) await new Promise(setImmediate);
    await sandbox.close();
    await hanging;
  });

  it('delay: the good answer comes later', async () => {
    const sandbox = await square();
    sandbox.control.addFault('locations=delay,delay=30');
    const start = performance.now();
    expect((await caller(sandbox).json('locations')).locations).toHaveLength(3);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });
});

describe('rules', () => {
  it('mean a kind of call, a page along the cursors, or a location', async () => {
    const sandbox = await square();
    const { raw, json } = caller(sandbox);
    const [one, two] = locationIds(sandbox);
    const status = async (path: string, body?: object): Promise<number> => (await raw(path, body)).status;
    sandbox.control.addFault('orders:2=html502');
    const first = await json('orders/search', since(sandbox, FIRST, { limit: 10 }));
    expect(await status('orders/search', { ...since(sandbox, FIRST, { limit: 10 }), cursor: first.cursor })).toBe(502);
    expect(await status('locations')).toBe(200);
    sandbox.control.clearFaults();
    sandbox.control.addFault(`orders::${one as string}=internal`);
    expect(await status('orders/search', { location_ids: [one] })).toBe(500);
    expect(await status('orders/search', { location_ids: [two] })).toBe(200);
  });

  it('have a short form that says what is wrong with it', () => {
    expect(squareFaultRule('orders:2:L1=drip,times=3,skip=1,delay=50')).toEqual({
      match: { kind: 'orders', page: 2, locationId: 'L1' },
      fault: 'drip',
      times: 3,
      skip: 1,
      delayMs: 50,
    });
    expect(squareFaultRule('any=rateLimited,retry_after=60')).toEqual({
      match: { kind: 'any' },
      fault: 'rateLimited',
      retryAfterSeconds: 60,
    });
    expect(() => squareFaultRule('invoices=hang')).toThrow('no such kind of request: invoices; known are orders');
    expect(() => squareFaultRule('orders=rate44')).toThrow('no such fault: rate44; known are rateLimited');
  });

  it('of every fault stand in docs/sandbox-square.md, with their meaning', () => {
    const page = readFileSync(join(__dirname, '../../docs/sandbox-square.md'), 'utf8');
    for (const fault of SQUARE_FAULTS) expect(page).toContain(`| \`${fault}\` | ${SQUARE_FAULT_MEANINGS[fault]} |`);
  });
});
