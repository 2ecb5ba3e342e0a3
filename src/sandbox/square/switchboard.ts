import { COMMON_ROUTES, ControlDoor, recordOf } from '../control-door';
import type { Body, Route } from '../control-door';
import { jsonText, withRawNumbers } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import type { CountSetting, SquareControl, SquareCreation } from './control';
import { SQUARE_FAULT_MEANINGS, SQUARE_SPEC_HELP } from './faults';
import { SQUARE_ENTITIES } from './state';
import type { SquareEntity } from './state';

function entityOf(value: unknown): SquareEntity {
  const entity = SQUARE_ENTITIES.find((known) => known === value);
  if (entity === undefined) throw new RangeError(`no such entity: ${String(value)}; known are ${SQUARE_ENTITIES.join(', ')}`);
  return entity;
}

function madeEntityOf(value: unknown): Exclude<SquareEntity, 'counts'> {
  const entity = entityOf(value);
  if (entity === 'counts') throw new RangeError('counts are set by POST set-count');
  return entity;
}

function patchOf(body: Body): JsonObject {
  return withRawNumbers((body.patch ?? {}) as JsonValue) as JsonObject;
}

function timesOf({ updatedAt, createdAt, item }: Body): SquareCreation {
  return {
    ...(typeof updatedAt === 'string' && { updatedAt }),
    ...(typeof createdAt === 'string' && { createdAt }),
    ...((typeof item === 'string' || typeof item === 'number') && { item }),
  };
}

function lateCommit(control: SquareControl, body: Body): { id: string } {
  const named = body.id !== undefined || body.index !== undefined;
  const record = named ? { record: recordOf(body) } : {};
  return {
    id: control.lateCommit(madeEntityOf(body.entity), {
      ...timesOf(body),
      updatedAt: String(body.updatedAt),
      patch: patchOf(body),
      ...record,
    }),
  };
}

function offlineOrder(control: SquareControl, body: Body): { id: string } {
  return { id: control.offlineOrder({ patch: patchOf(body), ...(typeof body.hoursLate === 'number' && { hoursLate: body.hoursLate }) }) };
}

const ROUTES: Readonly<Record<string, Route<SquareControl>>> = {
  'GET help': () => ({ switches: [...Object.keys(ROUTES), 'GET truth'], faults: SQUARE_FAULT_MEANINGS, spec: SQUARE_SPEC_HELP }),
  ...COMMON_ROUTES,
  'GET count': (control, _body, rest) => ({ count: control.count(entityOf(rest)) }),
  'POST edit': (control, body) => ({ id: control.edit(entityOf(body.entity), recordOf(body), patchOf(body), timesOf(body)) }),
  'POST create': (control, body) => ({ id: control.create(madeEntityOf(body.entity), patchOf(body), timesOf(body)) }),
  'POST remove': (control, body) => ({ id: control.remove(entityOf(body.entity) as 'items', recordOf(body)) }),
  'POST set-count': (control, body) => ({ id: control.setCount(body as unknown as CountSetting) }),
  'POST late-commit': lateCommit,
  'POST offline-order': offlineOrder,
  'POST expire-token': (control) => control.expireToken(),
  'POST revoke-token': (control) => control.revokeToken(),
  'POST renew-token': (control) => ({ accessToken: control.renewToken() }),
  'POST stale-cursors': (control) => control.staleCursors(),
  'POST limits': (control, body) => control.setLimits(body),
  'POST rules': (control, body) => control.setRules(body),
};

/** The switchboard of the stand-in for Square. */
export class SquareSwitchboard extends ControlDoor<SquareControl> {
  constructor(control: SquareControl, token: string) {
    super(control, token, ROUTES, (from, entity) => lines(from.truth(entityOf(entity))));
  }
}

/** One JSON object a line: `{"id":…,"record":{…}}`. */
function* lines(records: Iterable<{ id: string; text: string }>): Generator<string> {
  for (const { id, text } of records) yield `{"id":${jsonText(id)},"record":${text}}\n`;
}
