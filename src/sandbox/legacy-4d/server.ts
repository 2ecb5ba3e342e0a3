import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliver } from '../delivery';
import { bodyOf, Loopback } from '../loopback';
import { answered, jsonAnswer } from './answer';
import type { Answer } from './answer';
import { catalogAnswer } from './catalog';
import { heard, insteadOf, reshaped } from './faults';
import type { FaultRule } from './faults';
import { isLoginOf, loginAnswer, noLicence, refusal } from './login';
import { entityAnswer, entitySetAnswer, listAnswer } from './reading';
import { parsedRequest } from './request';
import type { RestRequest } from './request';
import type { LogLine } from './request-log';
import { noClass } from './rest-error';
import type { Session } from './sessions';
import type { Legacy4dState } from './state';
import type { Switchboard } from './switchboard';

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: RestRequest;
  readonly line: LogLine;
  readonly body: string;
}

/** The HTTP face of one sandbox: 4D's REST server and the switchboard on one port. */
export class Legacy4dServer {
  readonly #loopback = new Loopback((incoming, response) => this.#handle(incoming, response));
  #inFlight = 0;

  constructor(
    private readonly state: Legacy4dState,
    private readonly switchboard: Switchboard,
  ) {}

  /** Requests that have no whole answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Listens; resolves with the port. */
  listen(port: number, host: string): Promise<number> {
    return this.#loopback.listen(port, host);
  }

  /** Ends at once, also requests that hang on purpose. */
  close(): Promise<void> {
    return this.#loopback.close();
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    response.setHeader('Date', this.state.clock.httpDate());
    response.setHeader('Server', '4D/18.0.6');
    const target = incoming.url ?? '/';
    const body = await bodyOf(incoming);
    if (target.startsWith('/__sandbox/')) return this.switchboard.handle(incoming, response, body);
    const request = parsedRequest(incoming.method ?? 'GET', target);
    const line = this.state.log.add(request, this.state.clock.now());
    this.#inFlight += 1;
    response.once('close', () => (this.#inFlight -= 1));
    await this.#serve({ incoming, response, request, line, body });
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { state } = this;
    const rule = state.faults.strike(exchange.request);
    exchange.line.fault = rule?.id;
    if (rule?.delayMs !== undefined && rule.fault !== 'drip') await this.#loopback.wait(rule.delayMs);
    if (rule?.fault === 'hang') return;
    if (rule?.fault === 'restart') state.restart();
    if (rule?.fault === 'restart' || rule?.fault === 'reset') {
      exchange.incoming.socket.resetAndDestroy();
      return;
    }
    if (rule?.fault === 'noLicence') return this.#send(exchange, noLicence(state), rule);
    const instead = rule && insteadOf(rule, exchange.incoming.url ?? '/');
    if (instead) return this.#send(exchange, instead, rule);
    await this.#inSession(exchange, rule);
  }

  async #inSession(exchange: Exchange, rule: FaultRule | undefined): Promise<void> {
    const { state } = this;
    const { request, line, incoming, response } = exchange;
    if (rule?.fault === 'sessionExpired') state.sessions.expire(incoming.headers.cookie);
    const entered = state.sessions.enter(incoming.headers.cookie);
    if (entered === undefined) return this.#send(exchange, noLicence(state), rule);
    const { session, opened } = entered;
    [line.session, line.opened] = [session.n, opened];
    if (opened) response.setHeader('Set-Cookie', state.sessions.setCookie(session));
    const refused = refusal(state, session, request);
    if (refused) return this.#send(exchange, refused, undefined);
    if (rule?.fault === 'entitySetGone') state.sets.drop(request.entitySet);
    await state.hooks.run('before', request);
    const good = answered(() => goodAnswer(state, session, { ...exchange, request: heard(rule?.fault, request) }));
    await state.hooks.run('after', request);
    this.#send(exchange, good, rule);
  }

  #send({ response, line }: Exchange, answer: Answer, rule: FaultRule | undefined): void {
    line.status = answer.status;
    line.errCode = answer.errCode;
    if (this.state.logKeys) line.keys = answer.keys;
    const odd = reshaped(rule?.fault, answer);
    if (odd === undefined) deliver(response, answer, rule);
    else deliver(response, odd);
  }
}

function goodAnswer(state: Legacy4dState, session: Session, { request, incoming, body }: Exchange): Answer {
  if (isLoginOf(state, request)) return loginAnswer(state, session, { headers: incoming.headers, body });
  switch (request.kind) {
    case 'login':
    case 'other':
      throw noClass(request.dataClass ?? request.path);
    case 'logout':
      state.sessions.end(session);
      return jsonAnswer(200, { result: true });
    case 'catalog':
      return catalogAnswer(state, request.catalogEntry);
    case 'list':
    case 'entity':
    case 'entitySet':
    case 'release':
      return dataAnswer(state, request);
  }
}

function dataAnswer(state: Legacy4dState, request: RestRequest): Answer {
  const name = state.exposed().find((each) => each === request.dataClass);
  if (name === undefined) throw noClass(request.dataClass ?? '');
  const table = state.table(name);
  if (request.kind === 'entity') return entityAnswer(state, table, request);
  if (request.kind === 'list') return listAnswer(state, table, request);
  if (request.kind === 'entitySet') return entitySetAnswer(state, table, request);
  state.sets.release(name, request.entitySet ?? '');
  return jsonAnswer(200, { ok: true });
}
