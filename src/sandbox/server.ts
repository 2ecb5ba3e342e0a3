import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer';
import { booksAnswer, refusal } from './books';
import { deliver } from './delivery';
import { insteadOf } from './faults';
import type { FaultRule } from './faults';
import { bodyOf, Loopback } from './loopback';
import { parsedRequest } from './request';
import type { SandboxRequest } from './request';
import type { LogLine } from './request-log';
import type { SandboxState } from './state';
import type { Switchboard } from './switchboard';

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: SandboxRequest;
  readonly line: LogLine;
}

/** The HTTP face of one sandbox: accounts host, Books API and switchboard on one port. */
export class SandboxServer {
  readonly #loopback = new Loopback((incoming, response) => this.#handle(incoming, response));

  constructor(
    private readonly state: SandboxState,
    private readonly switchboard: Switchboard,
  ) {}

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
    const target = incoming.url ?? '/';
    if (target.startsWith('/__sandbox/')) return this.switchboard.handle(incoming, response, await bodyOf(incoming));
    const request = parsedRequest(incoming.method ?? 'GET', target);
    const line = this.state.log.add(request, this.state.clock.now());
    const exchange = { incoming, response, request, line };
    return request.kind === 'token' ? this.#token(exchange) : this.#books(exchange);
  }

  async #token(exchange: Exchange): Promise<void> {
    const { incoming, request } = exchange;
    const params = new URLSearchParams(request.params);
    for (const [key, value] of new URLSearchParams(await bodyOf(incoming))) params.set(key, value);
    await this.#serve(exchange, () =>
      request.method === 'POST' ? this.state.oauth.token(params) : { status: 405, code: undefined, body: '{"error":"method_not_allowed"}' },
    );
  }

  async #books(exchange: Exchange): Promise<void> {
    const { state } = this;
    exchange.incoming.resume();
    const full = state.limits.enter();
    if (full) return this.#send(exchange, full, undefined);
    const place = { taken: true };
    const leave = (): void => {
      if (place.taken) state.limits.leave();
      place.taken = false;
    };
    // Freed before the last byte goes out, else a client that answers at once would find its own place still taken; a client that gives up frees it too.
    exchange.response.once('prefinish', leave).once('close', leave);
    const refused = refusal(state, exchange.request, exchange.incoming.headers.authorization);
    if (refused) return this.#send(exchange, refused, undefined);
    await this.#serve(exchange, () => booksAnswer(state, exchange.request));
  }

  async #serve(exchange: Exchange, answer: () => Answer): Promise<void> {
    const { request, line } = exchange;
    const rule = this.state.faults.strike(request);
    line.fault = rule?.id;
    if (rule?.delayMs !== undefined && rule.fault !== 'drip') await this.#loopback.wait(rule.delayMs);
    if (rule?.fault === 'hang') return;
    if (rule?.fault === 'reset') {
      exchange.incoming.socket.resetAndDestroy();
      return;
    }
    const instead = rule && insteadOf(rule, exchange.incoming.url ?? '/');
    if (instead) return this.#send(exchange, instead, rule);
    await this.state.hooks.run('before', request);
    const good = answer();
    await this.state.hooks.run('after', request);
    this.#send(exchange, good, rule);
  }

  #send({ response, line }: Exchange, answer: Answer, rule: FaultRule | undefined): void {
    line.status = answer.status;
    line.code = answer.code;
    if (this.state.logIds) line.ids = answer.ids;
    deliver(response, answer, rule);
  }
}
