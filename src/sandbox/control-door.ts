import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export type Body = Record<string, unknown>;

/** One switch: what it does to the control side with the body of the request and the last part of the path. */
export type Route<C> = (control: C, body: Body, rest: string) => unknown;

/** What every stand-in lets be switched. */
export interface Steered {
  now(): Date;
  setClock(to: Date | string): void;
  advanceClock(millis: number): void;
  freezeClock(): void;
  unfreezeClock(): void;
  stats(): unknown;
  requestLog(): unknown;
  clearRequestLog(): void;
  faults(): unknown;
  addFault(rule: never): string;
  clearFaults(id?: string): void;
}

function moveClock(control: Steered, body: Body): { now: string } {
  if (typeof body.set === 'string') control.setClock(body.set);
  if (typeof body.advanceMs === 'number') control.advanceClock(body.advanceMs);
  if (body.freeze === true) control.freezeClock();
  if (body.freeze === false) control.unfreezeClock();
  return { now: control.now().toISOString() };
}

export const COMMON_ROUTES: Readonly<Record<string, Route<Steered>>> = {
  'GET stats': (control) => control.stats(),
  'GET requests': (control) => control.requestLog(),
  'DELETE requests': (control) => control.clearRequestLog(),
  'GET faults': (control) => control.faults(),
  'POST faults': (control, body) => ({ id: control.addFault((typeof body.spec === 'string' ? body.spec : body) as never) }),
  'DELETE faults': (control, _body, rest) => control.clearFaults(rest === '' ? undefined : rest),
  'GET clock': (control) => ({ now: control.now().toISOString() }),
  'POST clock': moveClock,
};

/** How a switch names a record. */
export function recordOf(body: Body): string | number {
  const record = body.id ?? body.index;
  if (typeof record !== 'string' && typeof record !== 'number') throw new RangeError('name the record by "id" (text) or "index" (number)');
  return record;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The control side over HTTP, under `/__sandbox/`, open only to who sends the control token as `x-sandbox-token`. */
export class ControlDoor<C> {
  constructor(
    private readonly control: C,
    private readonly token: string,
    private readonly routes: Readonly<Record<string, Route<C>>>,
    /** Lines of all records of an entity; throws at once for an entity that there is not. */
    private readonly truth: (control: C, entity: string) => Iterable<string>,
  ) {}

  async handle(incoming: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    if (!timingSafeEqual(digest(String(incoming.headers['x-sandbox-token'] ?? '')), digest(this.token))) {
      return send(response, 403, { error: 'send the control token as header x-sandbox-token' });
    }
    const [name = '', rest = ''] = (incoming.url ?? '').split('?')[0]?.slice('/__sandbox/'.length).split('/') ?? [];
    try {
      if (incoming.method === 'GET' && name === 'truth') return await streamed(response, this.truth(this.control, rest));
      const route = this.routes[`${incoming.method ?? ''} ${name}`];
      if (!route) return send(response, 404, { error: `no such switch; known are ${Object.keys(this.routes).join(', ')}, GET truth` });
      const result = route(this.control, (body === '' ? {} : JSON.parse(body)) as Body, decodeURIComponent(rest));
      send(response, 200, result === undefined ? { ok: true } : result);
    } catch (error) {
      if (response.headersSent) throw error;
      send(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function streamed(response: ServerResponse, lines: Iterable<string>): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  await pipeline(Readable.from(lines), response);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
