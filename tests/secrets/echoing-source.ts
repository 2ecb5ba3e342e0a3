import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sandbox } from '../../src/sandbox';
import { startAnswerServer } from '../http/answer-server';
import type { Canary } from './canary';

/** What the source knows of the secrets, and what it gives away of its own. */
export interface SourceSecrets {
  readonly clientId: Canary;
  readonly clientSecret: Canary;
  readonly refreshToken: Canary;
  /** Given out in answers, each once more a token: all of them begin with it. */
  readonly accessToken: Canary;
  readonly rotatedToken: Canary;
  readonly cookie: Canary;
  readonly redirectToken: Canary;
}

/** `well`: the sandbox's answers; `wrong`: refusals of three kinds; `locked-out`: no token is taken or given. All of them say what they heard. */
type Mood = 'well' | 'wrong' | 'locked-out';

export interface EchoingSource {
  readonly url: string;
  mood: Mood;
  /** Requests of each sort that came in. */
  readonly seen: { tokens: number; calls: number; notices: string[] };
  close(): Promise<void>;
}

const REFUSALS: Readonly<Record<string, number>> = { contacts: 400, invoices: 403 };

/** A source in front of the sandbox that repeats secrets wherever an answer has room for them; webhooks go there as well. */
export async function startEchoingSource(sandbox: Sandbox, secrets: SourceSecrets): Promise<EchoingSource> {
  let real = '';
  const source: EchoingSource = { url: '', mood: 'well', seen: { tokens: 0, calls: 0, notices: [] }, close: () => server.close() };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (path.startsWith('/hooks/')) {
      source.seen.notices.push(path);
      say(response, 500, { heard: path });
    } else if (path === '/oauth/v2/token') {
      source.seen.tokens += 1;
      const form = new URLSearchParams(await textOf(request));
      if (source.mood === 'locked-out') return say(response, 200, { error: `invalid_client ${form.toString()}` });
      expectCredentials(form, secrets);
      real = await sandboxToken(sandbox);
      const token = `${secrets.accessToken.value}.${source.seen.tokens}`;
      say(response, 200, { access_token: token, expires_in: 3600, refresh_token: secrets.rotatedToken.value });
    } else await books(path, request, response);
  };
  const books = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    source.seen.calls += 1;
    const heard = `authorization: ${request.headers.authorization}; the same ${request.headers.authorization?.split(' ')[1]}`;
    response.setHeader('set-cookie', `session=${secrets.cookie.value}; Path=/`);
    const entity = /\/v3\/(\w+)/.exec(path)?.[1] ?? '';
    if (source.mood === 'locked-out') return say(response, 401, { code: 57, message: heard });
    if (source.mood === 'wrong' && entity === 'items') {
      response.writeHead(302, { location: `https://elsewhere.example/?token=${secrets.redirectToken.value}` }).end(heard);
      return;
    }
    // The token lies across the place where long messages are cut.
    if (source.mood === 'wrong') return say(response, REFUSALS[entity] ?? 400, { code: 12, message: `${'.'.repeat(120)} ${heard}` });
    const good = await fetch(`${sandbox.url}${path}`, { headers: { authorization: `Zoho-oauthtoken ${real}` } });
    const body = (await good.text()).replace(/^\{/, `{"debug":${JSON.stringify(heard)},`);
    response.writeHead(good.status, { 'content-type': 'application/json', date: good.headers.get('date') ?? '' }).end(body);
  };
  const server = await startAnswerServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(599).end(String(error)));
  });
  return Object.assign(source, { url: server.url });
}

function say(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** The canaries are really what is used: else nothing would be shown by not finding them. */
function expectCredentials(form: URLSearchParams, { clientId, clientSecret, refreshToken, rotatedToken }: SourceSecrets): void {
  const right =
    form.get('client_id') === clientId.value &&
    form.get('client_secret') === clientSecret.value &&
    [refreshToken.value, rotatedToken.value].includes(form.get('refresh_token') ?? '');
  if (!right) throw new Error('the token request does not carry the canaries');
}

async function sandboxToken({ accountsUrl, credentials }: Sandbox): Promise<string> {
  const { clientId, clientSecret, refreshToken } = credentials;
  const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
  const answer = await fetch(`${accountsUrl}/oauth/v2/token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token: string }).access_token;
}
