import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChangeOptions, SandboxControl } from './control';
import type { Stamp } from './entity-table';
import { FAULT_SPEC_HELP } from './fault-spec';
import { FAULT_MEANINGS } from './faults';
import type { FaultRule } from './faults';
import { jsonText, withRawNumbers } from './json-text';
import type { JsonObject, JsonValue } from './json-text';
import { ENTITIES } from './world';
import type { EntityName } from './world';

type Body = Record<string, unknown>;
type Route = (control: SandboxControl, body: Body, rest: string) => unknown;

function entityOf(value: unknown): EntityName {
  const entity = ENTITIES.find((known) => known === value);
  if (entity === undefined) throw new RangeError(`no such entity: ${String(value)}; known are ${ENTITIES.join(', ')}`);
  return entity;
}

function recordOf(body: Body): string | number {
  const record = body.id ?? body.index;
  if (typeof record !== 'string' && typeof record !== 'number') throw new RangeError('name the record by "id" (text) or "index" (number)');
  return record;
}

function patchOf(body: Body): JsonObject {
  return withRawNumbers((body.patch ?? {}) as JsonValue) as JsonObject;
}

function stampOf(body: Body): ChangeOptions {
  return 'lastModifiedTime' in body ? { lastModifiedTime: body.lastModifiedTime as Stamp } : {};
}

function lateCommit(control: SandboxControl, body: Body): { id: string } {
  const lastModifiedTime = String(body.lastModifiedTime);
  const named = body.id !== undefined || body.index !== undefined;
  const record = named ? { record: recordOf(body) } : {};
  return { id: control.lateCommit(entityOf(body.entity), { lastModifiedTime, patch: patchOf(body), ...record }) };
}

function moveClock(control: SandboxControl, body: Body): { now: string } {
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
  'GET count': (control, _body, rest) => ({ count: control.count(entityOf(rest)) }),
  'GET faults': (control) => control.faults(),
  'POST faults': (control, body) => ({ id: control.addFault(typeof body.spec === 'string' ? body.spec : (body as unknown as FaultRule)) }),
  'DELETE faults': (control, _body, rest) => control.clearFaults(rest === '' ? undefined : rest),
  'GET clock': (control) => ({ now: control.now().toISOString() }),
  'POST clock': moveClock,
  'POST edit': (control, body) => ({ id: control.edit(entityOf(body.entity), recordOf(body), patchOf(body), stampOf(body)) }),
  'POST create': (control, body) => ({ id: control.create(entityOf(body.entity), patchOf(body), stampOf(body)) }),
  'POST remove': (control, body) => ({ id: control.remove(entityOf(body.entity), recordOf(body)) }),
  'POST late-commit': lateCommit,
  'POST expire-tokens': (control) => control.expireTokens(),
  'POST limits': (control, body) => control.setLimits(body),
  'POST rules': (control, body) => control.setModifiedFilterExclusive(body.modifiedFilterExclusive === true),
};

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The control side over HTTP, under `/__sandbox/`, open only to who sends the control token as `x-sandbox-token`. */
export class Switchboard {
  constructor(
    private readonly control: SandboxControl,
    private readonly token: string,
  ) {}

  async handle(incoming: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    if (!timingSafeEqual(digest(String(incoming.headers['x-sandbox-token'] ?? '')), digest(this.token))) {
      return send(response, 403, { error: 'send the control token as header x-sandbox-token' });
    }
    const [name = '', rest = ''] = (incoming.url ?? '').split('?')[0]?.slice('/__sandbox/'.length).split('/') ?? [];
    try {
      if (incoming.method === 'GET' && name === 'truth') return await this.#truth(response, entityOf(rest));
      const route = ROUTES[`${incoming.method ?? ''} ${name}`];
      if (!route) return send(response, 404, { error: `no such switch; known are ${Object.keys(ROUTES).join(', ')}, GET truth` });
      const result = route(this.control, (body === '' ? {} : JSON.parse(body)) as Body, decodeURIComponent(rest));
      send(response, 200, result === undefined ? { ok: true } : result);
    } catch (error) {
      if (response.headersSent) throw error;
      send(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** One JSON object a line: `{"id":…,"detail":{…},"row":{…}}`. */
  async #truth(response: ServerResponse, entity: EntityName): Promise<void> {
    const records = this.control.truth(entity);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    await pipeline(Readable.from(lines(records)), response);
  }
}

function* lines(records: Iterable<{ id: string; detail: string; row: string }>): Generator<string> {
  for (const { id, detail, row } of records) yield `{"id":${jsonText(id)},"detail":${detail},"row":${row}}\n`;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
