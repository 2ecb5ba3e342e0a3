import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliver } from '../delivery';
import { bodyOf, Loopback } from '../loopback';
import { refusal, squareAnswer } from './answers';
import { RATE_LIMITED } from './errors';
import type { SquareAnswer } from './errors';
import { insteadOf, reshaped, withRetryAfter } from './faults';
import type { SquareFaultRule } from './faults';
import type { SquareLine } from './log';
import { squareRequest } from './request';
import type { SquareRequest } from './request';
import type { SquareState } from './state';
import type { SquareSwitchboard } from './switchboard';

/** What a request without the header gets. */
const DEFAULT_VERSION = '2025-08-20';

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly request: SquareRequest;
  readonly line: SquareLine;
}

/** The HTTP face of one stand-in for Square: API and switchboard on one port. */
export class SquareServer {
  readonly #loopback = new Loopback((incoming, response) => this.#handle(incoming, response));

  constructor(
    private readonly state: SquareState,
    private readonly switchboard: SquareSwitchboard,
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
    const { state } = this;
    response.sendDate = false;
    response.setHeader('Date', state.clock.httpDate());
    const target = incoming.url ?? '/';
    const body = await bodyOf(incoming);
    if (target.startsWith('/__sandbox/')) return this.switchboard.handle(incoming, response, body);
    response.setHeader('Square-Version', incoming.headers['square-version'] ?? DEFAULT_VERSION);
    const request = squareRequest(incoming.method ?? 'GET', target, body, state.cursors);
    const exchange = { incoming, response, request, line: state.log.add(request, state.clock.now()) };
    if (!this.#place(response)) return this.#send(exchange, withRetryAfter(RATE_LIMITED, state.rules.retryAfterSeconds));
    const refused = refusal(state, request, incoming.headers);
    if (refused) return this.#send(exchange, refused);
    await this.#serve(exchange);
  }

  /** Takes a place among the calls at once, until the answer is out or the client gives up. */
  #place(response: ServerResponse): boolean {
    const { limits } = this.state;
    if (!limits.enter()) return false;
    const place = { taken: true };
    const leave = (): void => {
      if (place.taken) limits.leave();
      place.taken = false;
    };
    // Freed before the last byte goes out, else a client that answers at once would find its own place still taken.
    response.once('prefinish', leave).once('close', leave);
    return true;
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { state } = this;
    const { request, line, incoming } = exchange;
    const rule = state.faults.strike(request);
    line.fault = rule?.id;
    if (rule?.delayMs !== undefined && rule.fault !== 'drip') await this.#loopback.wait(rule.delayMs);
    if (rule?.fault === 'hang') return;
    if (rule?.fault === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    const instead = rule && insteadOf(rule, incoming.url ?? '/');
    if (instead) return this.#send(exchange, instead);
    await state.hooks.run('before', request);
    const good = squareAnswer(state, request, rule?.fault === 'samePage');
    await state.hooks.run('after', request);
    this.#send(exchange, good, rule);
  }

  #send({ response, line }: Exchange, answer: SquareAnswer, rule?: SquareFaultRule): void {
    line.status = answer.status;
    line.code = answer.code;
    line.records = answer.ids?.length;
    if (this.state.logIds) line.ids = answer.ids;
    const odd = rule !== undefined && reshaped(rule.fault, answer);
    if (odd) deliver(response, odd);
    else deliver(response, answer, rule);
  }
}
