import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonText, withRawNumbers } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import type { Legacy4dControl, TruthRecord } from './control';
import { DATA_CLASSES } from './data-class';
import type { DataClassName } from './data-class';
import { FAULT_SPEC_HELP } from './fault-spec';
import { FAULT_MEANINGS } from './faults';
import type { FaultRule } from './faults';
import type { ChangeOptions } from './record-table';

type Body = Record<string, unknown>;
type Route = (control: Legacy4dControl, body: Body, rest: string) => unknown;

function classOf(value: unknown): DataClassName {
  const name = DATA_CLASSES.find((known) => known === value);
  if (name === undefined) throw new RangeError(`no such class: ${String(value)}; known are ${DATA_CLASSES.join(', ')}`);
  return name;
}

function recordOf(body: Body): string | number {
  const record = body.id ?? body.index;
  if (typeof record !== 'string' && typeof record !== 'number')
    throw new RangeError('name the record by "id" (its key) or "index" (number)');
  return record;
}

function patchOf(body: Body): JsonObject {
  return withRawNumbers((body.patch ?? {}) as JsonValue) as JsonObject;
}

function changeOf(body: Body): ChangeOptions {
  return {
    ...(typeof body.timestamp === 'string' && { timestamp: body.timestamp }),
    ...(typeof body.globalStamp === 'number' && { globalStamp: body.globalStamp }),
  };
}

function numberOf(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number') throw new RangeError(`give "${name}" as a number`);
  return value;
}

function moveClock(control: Legacy4dControl, body: Body): { now: string } {
  if (typeof body.set === 'string') control.setClock(body.set);
  if (typeof body.advanceMs === 'number') control.advanceClock(body.advanceMs);
  if (body.freeze === true) control.freezeClock();
  if (body.freeze === false) control.unfreezeClock();
  return { now: control.now().toISOString() };
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET help': () => ({ switches: [...Object.keys(ROUTES), 'GET truth'], faults: FAULT_MEANINGS, spec: FAULT_SPEC_HELP }),
  'GET stats': (control) => control.stats(),
  'GET requests': (control) => control.requestLog(),
  'DELETE requests': (control) => control.clearRequestLog(),
  'GET count': (control, _body, rest) => ({ count: control.count(classOf(rest)) }),
  'GET faults': (control) => control.faults(),
  'POST faults': (control, body) => ({ id: control.addFault(typeof body.spec === 'string' ? body.spec : (body as unknown as FaultRule)) }),
  'DELETE faults': (control, _body, rest) => control.clearFaults(rest === '' ? undefined : rest),
  'GET clock': (control) => ({ now: control.now().toISOString() }),
  'POST clock': moveClock,
  'POST edit': (control, body) => ({ id: control.edit(classOf(body.entity), recordOf(body), patchOf(body), changeOf(body)) }),
  'POST create': (control, body) => ({ id: control.create(classOf(body.entity), patchOf(body), changeOf(body)) }),
  'POST remove': (control, body) => ({ id: control.remove(classOf(body.entity), recordOf(body)) }),
  'POST global-stamp': (control, body) => control.setGlobalStamp(numberOf(body, 'next')),
  'POST licences': (control, body) => control.setLicences(numberOf(body, 'licences')),
  'POST expire-sessions': (control) => control.expireSessions(),
  'POST restart': (control) => control.restart(),
};

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The control side over HTTP, under `/__sandbox/`, open only to who sends the control token as `x-sandbox-token`. */
export class Switchboard {
  constructor(
    private readonly control: Legacy4dControl,
    private readonly token: string,
  ) {}

  async handle(incoming: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    if (!timingSafeEqual(digest(String(incoming.headers['x-sandbox-token'] ?? '')), digest(this.token))) {
      return send(response, 403, { error: 'send the control token as header x-sandbox-token' });
    }
    const [name = '', rest = ''] = (incoming.url ?? '').split('?')[0]?.slice('/__sandbox/'.length).split('/') ?? [];
    try {
      if (incoming.method === 'GET' && name === 'truth') return await this.#truth(response, classOf(rest));
      const route = ROUTES[`${incoming.method ?? ''} ${name}`];
      if (!route) return send(response, 404, { error: `no such switch; known are ${Object.keys(ROUTES).join(', ')}, GET truth` });
      const result = route(this.control, (body === '' ? {} : JSON.parse(body)) as Body, decodeURIComponent(rest));
      send(response, 200, result === undefined ? { ok: true } : result);
    } catch (error) {
      if (response.headersSent) throw error;
      send(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** One JSON object a line: `{"id":…,"row":{…}}`. */
  async #truth(response: ServerResponse, dataClass: DataClassName): Promise<void> {
    const records = this.control.truth(dataClass);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    await pipeline(Readable.from(lines(records)), response);
  }
}

function* lines(records: Iterable<TruthRecord>): Generator<string> {
  for (const { key, row } of records) yield `{"id":${jsonText(key)},"row":${row}}\n`;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
