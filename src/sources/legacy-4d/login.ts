import type { HttpClient } from '../../http/http-client';
import type { HttpAnswer } from '../../http/http-request';
import { expectJson, isJsonObject } from '../../http/strict-json';
import type { StageContext } from '../../observability/stage-context';
import { complaintOf, FORBIDDEN, looseBody, speaksOfLicence } from './answer';
import { CATALOG } from './call';
import type { CookieJar } from './cookies';
import { loginRefused, misshapen, noLicence, notThere, said, unavailable } from './errors';
import type { Login } from './settings';

/** `authentify`: 4D 20 R6 and later, a function of the application. `directory`: before. */
export type Generation = 'authentify' | 'directory';

export interface LoginPlace {
  readonly http: HttpClient;
  /** Without slash at its end. */
  readonly base: string;
  readonly host: string;
  readonly jar: CookieJar;
}

export interface LoggedIn {
  readonly generation: Generation;
  /** The answer itself said that the login is good. */
  readonly proven: boolean;
}

/** 4D keeps a session at least an hour without a request. */
const SESSION_MINUTES = '60';
const NOT_THERE: ReadonlySet<number> = new Set([404, 405, 501]);

type Post = Parameters<HttpClient['request']>[0];

/** One request to the server in the jar's session; the jar takes what comes back. */
async function sent({ http, jar }: LoginPlace, request: Post, ctx: StageContext): Promise<HttpAnswer> {
  const answer = await http.request({ ...request, headers: { ...request.headers, ...jar.header }, maxBytes: 16 * 1024 * 1024 }, ctx);
  jar.take(answer.headers.get('set-cookie'));
  return answer;
}

/** Header values are bytes: what is not ASCII goes as UTF-8, as everything else does that 4D reads. */
function headerText(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** Throws what stops every login, whatever its kind: no licence, or a server that is not in order. */
function checkAnswer({ host }: LoginPlace, answer: HttpAnswer, what: string, ctx: StageContext): void {
  const complaint = complaintOf(looseBody(answer));
  if (complaint !== null && speaksOfLicence(complaint.words)) throw noLicence(host, complaint.words, ctx.now());
  const missing = NOT_THERE.has(answer.status);
  if (!missing && (answer.status >= 500 || answer.status === 408 || answer.status === 429)) {
    throw unavailable(what, answer, complaint?.words ?? null);
  }
}

/** `true` and `false` say what they say; any other text of `authentify` says nothing, the next call does. */
function verdictOf(place: LoginPlace, answer: HttpAnswer, what: string): { readonly proven: boolean; readonly result: unknown } {
  const meant = /json/i.test(answer.headers.get('content-type') ?? '') || answer.body.toString('latin1').trimStart().startsWith('<');
  const body = meant ? expectJson(answer, { what, quote: false }) : looseBody(answer);
  const complaint = complaintOf(body);
  const result = isJsonObject(body) ? body['result'] : body;
  if (result === false || complaint?.codes.includes(FORBIDDEN)) throw loginRefused(place.host);
  if (complaint !== null) throw said(what, answer, complaint.words);
  return { proven: result === true, result };
}

async function authentify(place: LoginPlace, { username, password }: Login, ctx: StageContext): Promise<LoggedIn | HttpAnswer> {
  const body = JSON.stringify([{ name: username.reveal(), password: password.reveal() }]);
  const url = `${place.base}/$catalog/authentify`;
  const answer = await sent(place, { method: 'POST', url, headers: { 'content-type': 'application/json' }, body }, ctx);
  const what = `POST ${place.host} $catalog/authentify`;
  checkAnswer(place, answer, what, ctx);
  return answer.status >= 400 ? answer : { generation: 'authentify', proven: verdictOf(place, answer, what).proven };
}

async function directoryLogin(place: LoginPlace, { username, password }: Login, ctx: StageContext): Promise<LoggedIn | HttpAnswer> {
  const headers = {
    'username-4D': headerText(username.reveal()),
    'password-4D': headerText(password.reveal()),
    'session-4D-length': SESSION_MINUTES,
  };
  const answer = await sent(place, { method: 'POST', url: `${place.base}/$directory/login`, headers }, ctx);
  const what = `POST ${place.host} $directory/login`;
  checkAnswer(place, answer, what, ctx);
  if (answer.status >= 400) return answer;
  const { proven, result } = verdictOf(place, answer, what);
  if (!proven) throw misshapen(what, `its result is ${result === undefined ? 'missing' : 'neither true nor false'}`);
  return { generation: 'directory', proven };
}

/**
 * Logs in, in the session of the jar or in a new one: the newer way first, the older where that is not there. Errors: `auth_error` for
 * a refusal, `rate_limited` for want of a licence, `config_error` where neither way is there, troubles of the way.
 */
export async function logIn(place: LoginPlace, login: Login, known: Generation | null, ctx: StageContext): Promise<LoggedIn> {
  const newer = known === 'directory' ? null : await authentify(place, login, ctx);
  if (newer !== null && 'generation' in newer) return newer;
  const older = await directoryLogin(place, login, ctx);
  if ('generation' in older) return older;
  const missing = NOT_THERE.has(older.status) && (newer === null || NOT_THERE.has(newer.status));
  throw missing ? notThere(`POST ${place.base.replace(/^https?:\/\//, '')}/$directory/login`, older) : loginRefused(place.host);
}

/** A server that lets everybody read: one question alone gets the session that all others then share. */
export async function visit(place: LoginPlace, ctx: StageContext): Promise<void> {
  const what = `GET ${place.host} $catalog`;
  const answer = await sent(place, { method: 'GET', url: `${place.base}${CATALOG.path}` }, ctx);
  checkAnswer(place, answer, what, ctx);
}

/** Gives the licence back. */
export async function logOut(place: LoginPlace, ctx: StageContext): Promise<void> {
  const answer = await sent(place, { method: 'POST', url: `${place.base}/$directory/logout` }, ctx);
  if (answer.status >= 400 && !NOT_THERE.has(answer.status)) throw unavailable(`POST ${place.host} $directory/logout`, answer, null);
}
