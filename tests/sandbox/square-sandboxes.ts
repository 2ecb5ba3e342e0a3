import { startSquareSandbox } from '../../src/sandbox/square';
import type { SquareEntity, SquareSandbox, SquareSandboxOptions } from '../../src/sandbox/square';
import type { Json } from './independent-client';

const open = new Set<SquareSandbox>();

export const COUNTS = { locations: 3, categories: 8, items: 25, orders: 300 };

/** Small and frozen unless the test says otherwise; closed by `closeSquare`. */
export async function square(options: Partial<SquareSandboxOptions> = {}): Promise<SquareSandbox> {
  const started = await startSquareSandbox({ seed: 7, counts: COUNTS, freeze: true, logIds: true, ...options });
  open.add(started);
  return started;
}

export async function closeSquare(): Promise<void> {
  await Promise.all([...open].map((started) => started.close()));
  open.clear();
}

/** A reader written from the API's description alone; it shares nothing with freshet's client. */
export function caller(sandbox: SquareSandbox, token = sandbox.accessToken) {
  const headers = { Authorization: `Bearer ${token}`, 'Square-Version': '2025-08-20', 'Content-Type': 'application/json' };
  const raw = (path: string, body?: unknown): Promise<Response> =>
    fetch(`${sandbox.baseUrl}/v2/${path}`, body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) });
  const json = async (path: string, body?: unknown): Promise<Json> => (await (await raw(path, body)).json()) as Json;
  const error = async (path: string, body?: unknown): Promise<string> => {
    const response = await raw(path, body);
    return `${response.status} ${((await response.json()) as Json).errors?.[0].code}`;
  };
  /** Every page of a POST, from its first answer to the one without a cursor. */
  const pages = async (path: string, body: object): Promise<Json[]> => {
    const found = [await json(path, body)];
    while (found.at(-1)?.cursor !== undefined && found.length < 500)
      found.push(await json(path, { ...body, cursor: found.at(-1)?.cursor }));
    return found;
  };
  return { raw, json, error, pages };
}

/** Every seeded location. */
export function locationIds({ control }: SquareSandbox, count: number = COUNTS.locations): string[] {
  return Array.from({ length: count }, (_, index) => control.idOf('locations', index));
}

/** The body of an incremental search of orders, ascending from an instant on. */
export function since(sandbox: SquareSandbox, start_at: string, more: object = {}): object {
  return {
    location_ids: locationIds(sandbox),
    query: { filter: { date_time_filter: { updated_at: { start_at } } }, sort: { sort_field: 'UPDATED_AT', sort_order: 'ASC' } },
    ...more,
  };
}

export function truth(sandbox: SquareSandbox, entity: SquareEntity): Map<string, Json> {
  return new Map([...sandbox.control.truth(entity)].map(({ id, text }) => [id, JSON.parse(text) as Json]));
}

/** Microseconds of a timestamp, as the tests compare instants. */
export function micros(text: string): bigint {
  const [second = '', fraction = ''] = text.replace('Z', '').split('.');
  return BigInt(Date.parse(`${second}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}
