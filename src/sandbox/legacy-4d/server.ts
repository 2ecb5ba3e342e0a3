import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answered, jsonAnswer } from './answer';
import type { Answer } from './answer';
import { catalogAnswer } from './catalog';
import { deliver } from './delivery';
import { heard, insteadOf } from './faults';
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

const BODY_LIMIT = 4 * 1024 * 1024;

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: RestRequest;
  readonly line: LogLine;
  readonly body: string;
}

/** The HTTP face of one sandbox: 4D's REST server and the switchboard on one port. */
export class Legacy4dServer {
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #inFlight = 0;
  #closed = false;

  constructor(
    private readonly state: Legacy4dState,
    private readonly switchboard: Switchboard,
  ) {
    this.#server = createServer((incoming, response) => {
      this.#handle(incoming, response).catch((error: unknown) => failed(response, error));
    });
    this.#server.keepAliveTimeout = 65_000;
  }

  /** Requests that have no whole answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Listens; resolves with the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Ends at once, also requests that hang on purpose. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
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
    if (rule?.delayMs !== undefined && rule.fault !== 'drip') await this.#wait(rule.delayMs);
    if (rule?.fault === 'hang') return;
    if (rule?.fault === 'restart') state.restart();
    if (rule?.fault === 'restart' || rule?.fault === 'reset') {
      exchange.incoming.socket.resetAndDestroy();
      return;
    }
    if (rule?.fault === 'noLicence') return this.#send(exchange, noLicence(state), rule);
    const instead = rule && insteadOf(rule.fault, exchange.incoming.url ?? '/');
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
    deliver(response, answer, rule);
  }

  #wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, millis);
      this.#timers.add(timer);
    });
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

/** A hook that throws or a body too large is the test's own mistake: say so instead of pretending to be 4D. */
function failed(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`the sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new RangeError('request body too large for the sandbox');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
