import { COMMON_ROUTES, ControlDoor, recordOf } from '../control-door';
import type { Body, Route } from '../control-door';
import { jsonText, withRawNumbers } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import type { Legacy4dControl, TruthRecord } from './control';
import { DATA_CLASSES } from './data-class';
import type { DataClassName } from './data-class';
import { FAULT_SPEC_HELP } from './fault-spec';
import { FAULT_MEANINGS } from './faults';
import type { ChangeOptions } from './record-table';

function classOf(value: unknown): DataClassName {
  const name = DATA_CLASSES.find((known) => known === value);
  if (name === undefined) throw new RangeError(`no such class: ${String(value)}; known are ${DATA_CLASSES.join(', ')}`);
  return name;
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

const ROUTES: Readonly<Record<string, Route<Legacy4dControl>>> = {
  'GET help': () => ({ switches: [...Object.keys(ROUTES), 'GET truth'], faults: FAULT_MEANINGS, spec: FAULT_SPEC_HELP }),
  ...COMMON_ROUTES,
  'GET count': (control, _body, rest) => ({ count: control.count(classOf(rest)) }),
  'POST edit': (control, body) => ({ id: control.edit(classOf(body.entity), recordOf(body), patchOf(body), changeOf(body)) }),
  'POST create': (control, body) => ({ id: control.create(classOf(body.entity), patchOf(body), changeOf(body)) }),
  'POST remove': (control, body) => ({ id: control.remove(classOf(body.entity), recordOf(body)) }),
  'POST global-stamp': (control, body) => control.setGlobalStamp(numberOf(body, 'next')),
  'POST licences': (control, body) => control.setLicences(numberOf(body, 'licences')),
  'POST expire-sessions': (control) => control.expireSessions(),
  'POST restart': (control) => control.restart(),
};

/** The switchboard of the stand-in for a 4D server. */
export class Switchboard extends ControlDoor<Legacy4dControl> {
  constructor(control: Legacy4dControl, token: string) {
    super(control, token, ROUTES, (from, entity) => lines(from.truth(classOf(entity))));
  }
}

/** One JSON object a line: `{"id":…,"row":{…}}`. */
function* lines(records: Iterable<TruthRecord>): Generator<string> {
  for (const { key, row } of records) yield `{"id":${jsonText(key)},"row":${row}}\n`;
}
