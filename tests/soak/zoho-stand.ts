import { install } from '../support/installation';
import { smallPages } from './small-pages';
import { NO_THRESHOLD, strikes, type Stand } from './stand';

const ENTITIES = ['contacts', 'items', 'invoices'] as const;
const FAULTS = [
  ...['html502', 'internal1000', 'emptyObject', 'wrongEnvelope', 'unauthorized57', 'codeNonZero200'],
  ...['truncated', 'notUtf8', 'gzipCut', 'lengthTooLong', 'reset', 'resetMidBody', 'delay'],
] as const;
/** Within the lag of invoices. */
const LATEST_MS = 540_000;

export async function zohoStand(databaseUrl: string, seed: number): Promise<Stand> {
  const at = await install({
    databaseUrl,
    sandbox: { seed, freeze: true, counts: { contacts: 14, items: 11, invoices: 20 } },
    sources: smallPages(),
    variables: NO_THRESHOLD,
  });
  const { control } = at.sandbox;
  const living = (entity: (typeof ENTITIES)[number]): string[] => [...control.truth(entity)].map(({ id }) => id);
  let edits = 0;
  return {
    name: 'zoho-books',
    schema: 'zoho_books',
    entities: ENTITIES,
    at,
    truth: (entity) => {
      const records = [...control.truth(entity as 'contacts')];
      return new Map(records.map(({ id, row, detail }) => [id, entity === 'invoices' ? detail : row]));
    },
    change(dice) {
      const entity = dice.one(ENTITIES);
      const ids = living(entity);
      const what = dice.one(['edit', 'edit', 'create', 'remove', 'late'] as const);
      const patch = { notes: `change ${++edits}` };
      if (what === 'edit') return `${what} ${entity} ${control.edit(entity, dice.one(ids), patch)}`;
      if (what === 'remove' && ids.length > 5) return `${what} ${entity} ${control.remove(entity, dice.one(ids))}`;
      if (what !== 'late') return `create ${entity} ${control.create(entity, patch)}`;
      const lastModifiedTime = new Date(control.now().getTime() - dice.below(LATEST_MS));
      return `late ${entity} ${control.lateCommit(entity, { lastModifiedTime, patch })}`;
    },
    fault(dice) {
      const match = { kind: dice.one(['list', 'detail'] as const), entity: dice.one(ENTITIES) };
      const rule = { match, fault: dice.one(FAULTS), times: strikes(dice), skip: dice.below(4) };
      control.addFault(rule);
      return JSON.stringify(rule);
    },
    during(dice, action) {
      const match = { kind: dice.one(['list', 'detail'] as const), entity: dice.one(ENTITIES), nth: 1 + dice.below(4) };
      control.onRequest(match, action);
      return JSON.stringify(match);
    },
    expireSessions: () => undefined,
    seesDeletions: (_entity, read) => read === 'complete',
  };
}
