import { startSandbox } from '../../src/sandbox';
import type { Sandbox, SandboxOptions } from '../../src/sandbox';
import { accessToken, call } from './independent-client';
import type { Json } from './independent-client';

const open = new Set<Sandbox>();

/** Small, frozen and without limits unless the test says otherwise; closed by `closeSandboxes`. */
export async function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const counts = { contacts: 20, items: 20, invoices: 40 };
  const started = await startSandbox({
    seed: 7,
    counts,
    freeze: true,
    callsPerMinute: 1_000_000,
    concurrent: 1000,
    tokensPerTenMinutes: 1000,
    ...options,
  });
  open.add(started);
  return started;
}

export async function closeSandboxes(): Promise<void> {
  await Promise.all([...open].map((started) => started.close()));
  open.clear();
}

export interface Reader {
  readonly token: string;
  /** The parsed good answer; throws on any other. */
  get(path: string, query?: Record<string, string>): Promise<Json>;
  /** The answer as it came. */
  raw(path: string, query?: Record<string, string>): Promise<Response>;
  ids(entity: string, query?: Record<string, string>): Promise<string[]>;
}

export const ID_FIELDS: Readonly<Record<string, string>> = { contacts: 'contact_id', items: 'item_id', invoices: 'invoice_id' };

export async function reader(account: Sandbox): Promise<Reader> {
  const token = await accessToken(account);
  const raw = (path: string, query: Record<string, string> = {}): Promise<Response> => {
    const params = new URLSearchParams({ organization_id: account.credentials.organizationId, ...query });
    return fetch(`${account.baseUrl}/${path}?${params.toString()}`, { headers: { Authorization: `Zoho-oauthtoken ${token}` } });
  };
  const get = (path: string, query: Record<string, string> = {}): Promise<Json> => call(account, token, path, query);
  const ids = async (entity: string, query: Record<string, string> = {}): Promise<string[]> =>
    ((await get(entity, query))[entity] as Record<string, string>[]).map((row) => row[ID_FIELDS[entity] as string] as string);
  return { token, get, raw, ids };
}

/** The switchboard over HTTP, with the right token unless another is given. */
export async function switchboard(
  account: Sandbox,
  method: string,
  path: string,
  options: { body?: unknown; token?: string } = {},
): Promise<Response> {
  return fetch(`${account.url}/__sandbox/${path}`, {
    method,
    headers: { 'x-sandbox-token': options.token ?? account.controlToken },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
}
