/** A reader of 4D's REST server written from the description of its API alone; it shares nothing with freshet's client. */
interface Account {
  baseUrl: string;
  credentials: { user: string; password: string };
}
/** As loose as JSON.parse: what a foreign API answers is judged by the tests. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;
export type Params = Record<string, string>;

export class RestClient {
  /** Whatever Set-Cookie gave. */
  cookie = '';

  constructor(private readonly account: Account) {}

  /** The legacy login, credentials in headers. */
  async login(headers: Record<string, string> = {}): Promise<boolean> {
    const { user, password } = this.account.credentials;
    const response = await this.raw(
      '$directory/login',
      {},
      { method: 'POST', headers: { 'username-4D': user, 'password-4D': password, ...headers } },
    );
    return ((await response.json()) as Json).result === true;
  }

  /** The login of 20 R6; what it answers says nothing sure, the next call does. */
  async authentify(credentials: Json = {}): Promise<Json> {
    const { user: name, password } = this.account.credentials;
    const body = JSON.stringify([{ name, password, ...credentials }]);
    return (await (await this.raw('$catalog/authentify', {}, { method: 'POST', body })).json()) as Json;
  }

  /** The answer as it came. */
  async raw(path: string, params: Params = {}, init: RequestInit = {}): Promise<Response> {
    const query = Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const url = `${this.account.baseUrl}/${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const headers = { ...(init.headers as Record<string, string>), ...(this.cookie !== '' && { Cookie: this.cookie }) };
    const response = await fetch(url, { ...init, headers });
    const given = response.headers.get('set-cookie');
    if (given !== null) this.cookie = given.split(';')[0] ?? '';
    return response;
  }

  /** The parsed good answer; throws on any other. */
  async get(path: string, params: Params = {}): Promise<Json> {
    const response = await this.raw(path, params);
    const body = (await response.json()) as Json;
    if (!response.ok || body.__ERROR)
      throw new Error(`HTTP ${response.status} errCode ${body.__ERROR?.[0]?.errCode}: ${body.__ERROR?.[0]?.message}`);
    return body;
  }

  /** The entities of one page. */
  async list(dataClass: string, params: Params = {}): Promise<Json[]> {
    const body = await this.get(dataClass, params);
    if (!Array.isArray(body.__ENTITIES)) throw new Error(`no __ENTITIES in ${JSON.stringify(body)}`);
    return body.__ENTITIES as Json[];
  }

  /** Every entity of a class, a page at a time, each page beginning behind the last key. */
  async *every(dataClass: string, size: number, filter = ''): AsyncGenerator<Json> {
    const described = await this.get(`$catalog/${dataClass}`);
    const key = described.key[0].name as string;
    for (let last: unknown; ;) {
      const conditions = [last === undefined ? '' : `${key} > :1`, filter].filter((part) => part !== '').join(' AND ');
      const page = await this.list(dataClass, {
        $top: String(size),
        $orderby: `"${key} asc"`,
        ...(conditions !== '' && { $filter: `"${conditions}"` }),
        ...(last !== undefined && { $params: `'${JSON.stringify([last])}'` }),
      });
      yield* page;
      if (page.length < size) return;
      last = page[page.length - 1]?.[key];
    }
  }
}
