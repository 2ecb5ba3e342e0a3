/** A reader of Zoho Books written from the API's description alone; it shares nothing with freshet's client. */
interface Account {
  baseUrl: string;
  accountsUrl: string;
  credentials: { clientId: string; clientSecret: string; refreshToken: string; organizationId: string };
}
/** As loose as JSON.parse: what a foreign API answers is judged by the tests. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;

export async function accessToken({ accountsUrl, credentials }: Account): Promise<string> {
  const query = new URLSearchParams({
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    refresh_token: credentials.refreshToken,
    grant_type: 'refresh_token',
  });
  const body = (await (await fetch(`${accountsUrl}/oauth/v2/token?${query.toString()}`, { method: 'POST' })).json()) as Json;
  if (!body.access_token) throw new Error(`no token: ${body.error}`);
  return body.access_token;
}

export async function call(account: Account, token: string, path: string, query: Record<string, string> = {}): Promise<Json> {
  const params = new URLSearchParams({ organization_id: account.credentials.organizationId, ...query });
  const headers = { Authorization: `Zoho-oauthtoken ${token}` };
  const response = await fetch(`${account.baseUrl}/${path}?${params.toString()}`, { headers });
  const body = (await response.json()) as Json;
  if (!response.ok || body.code !== 0) throw new Error(`HTTP ${response.status} code ${body.code}: ${body.message}`);
  return body;
}

export async function* everyRow(account: Account, token: string, entity: string, query: Record<string, string> = {}): AsyncGenerator<Json> {
  for (let page = 1, more = true; more; page += 1) {
    const body = await call(account, token, entity, { per_page: '200', ...query, page: String(page) });
    yield* body[entity];
    more = body.page_context.has_more_page;
  }
}
