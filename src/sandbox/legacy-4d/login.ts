import type { IncomingHttpHeaders } from 'node:http';
import { errorAnswer, jsonAnswer } from './answer';
import type { Answer } from './answer';
import type { RestRequest } from './request';
import { ERR, unreadable } from './rest-error';
import type { Session } from './sessions';
import type { Legacy4dState } from './state';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** What `Generate digest` makes of the password; sent as `hashed-password-4D`. */
  readonly hashedPassword: string;
}

/** Both logins. A wrong password is no HTTP error in either. */
export function loginAnswer(state: Legacy4dState, session: Session, sent: { headers: IncomingHttpHeaders; body: string }): Answer {
  return state.sessions.settings.generation === 'legacy'
    ? directoryLogin(state, session, sent.headers)
    : authentify(state, session, sent.body);
}

/** Which of the two logins a request is; the other generation does not know it. */
export function isLoginOf(state: Legacy4dState, { kind, path }: RestRequest): boolean {
  return kind === 'login' && path.includes('$catalog') === (state.sessions.settings.generation === 'force-login');
}

function directoryLogin(state: Legacy4dState, session: Session, headers: IncomingHttpHeaders): Answer {
  const { user, password, hashedPassword } = state.credentials;
  const named = headers['username-4d'] === user;
  const right = headers['password-4d'] === password || headers['hashed-password-4d'] === hashedPassword;
  if (!named || !right) return jsonAnswer(state.rules.refusedLogin, { result: false });
  const minutes = Number(headers['session-4d-length']);
  return state.sessions.logIn(session, minutes > 0 ? minutes : undefined) ? jsonAnswer(200, { result: true }) : noLicence(state);
}

/** `ds.authentify()` is written by whoever owns the database: it answers with a text of its own, also when it refuses. */
function authentify(state: Legacy4dState, session: Session, body: string): Answer {
  const [given] = parametersOf(body);
  const { user, password } = state.credentials;
  if (given?.name !== user) return jsonAnswer(200, { result: 'Wrong user' });
  if (given.password !== password) return jsonAnswer(200, { result: 'Wrong password' });
  return state.sessions.logIn(session, undefined) ? jsonAnswer(200, { result: `Willkommen, ${user}` }) : noLicence(state);
}

function parametersOf(body: string): readonly (Partial<Record<string, unknown>> | null)[] {
  try {
    const parameters = JSON.parse(body) as unknown;
    if (Array.isArray(parameters)) return parameters as readonly (Partial<Record<string, unknown>> | null)[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unreadable('the parameters of a function are a JSON array in the body');
}

export function noLicence(state: Legacy4dState): Answer {
  const { status, errCode } = state.rules.noLicence;
  return errorAnswer(status, errCode, 'The maximum number of sessions is reached: no license available');
}

/** Why a session may not do what it asks, if so. */
export function refusal(state: Legacy4dState, session: Session, { kind, method }: RestRequest): Answer | undefined {
  if (kind === 'login' || kind === 'logout') return undefined;
  const guestMay = state.sessions.settings.generation === 'legacy' ? state.rules.openToAll : kind === 'catalog';
  if (!session.user && !guestMay) return errorAnswer(401, ERR.permission, 'No permission to execute the request');
  return method === 'GET' ? undefined : errorAnswer(401, ERR.permission, 'No permission to change data');
}
