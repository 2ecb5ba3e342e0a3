import type { ChangeOptions, SandboxControl } from './control';
import { COMMON_ROUTES, ControlDoor, recordOf } from './control-door';
import type { Body, Route } from './control-door';
import type { Stamp } from './entity-table';
import { FAULT_SPEC_HELP } from './fault-spec';
import { FAULT_MEANINGS } from './faults';
import { jsonText, withRawNumbers } from './json-text';
import type { JsonObject, JsonValue } from './json-text';
import { ENTITIES } from './world';
import type { EntityName } from './world';

function entityOf(value: unknown): EntityName {
  const entity = ENTITIES.find((known) => known === value);
  if (entity === undefined) throw new RangeError(`no such entity: ${String(value)}; known are ${ENTITIES.join(', ')}`);
  return entity;
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

const ROUTES: Readonly<Record<string, Route<SandboxControl>>> = {
  'GET help': () => ({ switches: [...Object.keys(ROUTES), 'GET truth'], faults: FAULT_MEANINGS, spec: FAULT_SPEC_HELP }),
  ...COMMON_ROUTES,
  'GET count': (control, _body, rest) => ({ count: control.count(entityOf(rest)) }),
  'POST edit': (control, body) => ({ id: control.edit(entityOf(body.entity), recordOf(body), patchOf(body), stampOf(body)) }),
  'POST create': (control, body) => ({ id: control.create(entityOf(body.entity), patchOf(body), stampOf(body)) }),
  'POST remove': (control, body) => ({ id: control.remove(entityOf(body.entity), recordOf(body)) }),
  'POST late-commit': lateCommit,
  'POST expire-tokens': (control) => control.expireTokens(),
  'POST limits': (control, body) => control.setLimits(body),
  'POST rules': (control, body) => control.setModifiedFilterExclusive(body.modifiedFilterExclusive === true),
};

/** The switchboard of the stand-in for Zoho Books. */
export class Switchboard extends ControlDoor<SandboxControl> {
  constructor(control: SandboxControl, token: string) {
    super(control, token, ROUTES, (from, entity) => lines(from.truth(entityOf(entity))));
  }
}

/** One JSON object a line: `{"id":…,"detail":{…},"row":{…}}`. */
function* lines(records: Iterable<{ id: string; detail: string; row: string }>): Generator<string> {
  for (const { id, detail, row } of records) yield `{"id":${jsonText(id)},"detail":${detail},"row":${row}}\n`;
}
