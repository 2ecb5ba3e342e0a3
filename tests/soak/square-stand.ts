import type { SquareFault } from '../../src/sandbox/square/faults';
import { installSquare } from '../support/installation';
import type { Dice } from './dice';
import { smallPages } from './small-pages';
import { NO_THRESHOLD, strikes, type Stand } from './stand';

const KINDS = {
  locations: 'locations',
  catalog: 'items',
  variations: 'variations',
  categories: 'categories',
  orders: 'orders',
  inventory: 'counts',
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

const FAULTS: readonly SquareFault[] = [
  ...([
    'invalidCursor',
    'html502',
    'badGateway',
    'internal',
    'unavailable',
    'gatewayTimeout',
    'errorsIn200',
    'errorsBesideRecords',
  ] as const),
  ...([
    'html200',
    'emptyObject',
    'wrongEnvelope',
    'samePage',
    'truncated',
    'notUtf8',
    'gzipCut',
    'reset',
    'resetMidBody',
    'delay',
  ] as const),
];
const REQUESTS = ['orders', 'catalog-list', 'catalog-search', 'counts', 'locations'] as const;
const DAY_MS = 86_400_000;

export async function squareStand(databaseUrl: string, seed: number): Promise<Stand> {
  const at = await installSquare({
    databaseUrl,
    sandbox: { seed, freeze: true, counts: { locations: 4, items: 14, categories: 5, orders: 40 } },
    sources: smallPages(),
    variables: NO_THRESHOLD,
  });
  const { control } = at.sandbox;
  const living = (kind: Kind): string[] => [...control.truth(kind)].map(({ id }) => id);
  let edits = 0;
  const late = (dice: Dice): string => {
    const updatedAt = new Date(control.now().getTime() - dice.below(6 * DAY_MS));
    return `late order ${control.lateCommit('orders', { updatedAt, createdAt: updatedAt, patch: { reference_id: `late ${++edits}` } })}`;
  };
  const remove = (dice: Dice): string => {
    const kind = dice.one(['categories', 'items', 'variations', 'counts'] as const);
    const ids = living(kind);
    return ids.length < 5 ? late(dice) : `remove ${kind} ${control.remove(kind, dice.one(ids))}`;
  };
  const edit = (dice: Dice): string => {
    const kind = dice.one(['orders', 'orders', 'items', 'variations', 'categories', 'locations'] as const);
    const name = `changed ${++edits}`;
    const patch = kind === 'orders' ? { reference_id: name } : kind === 'locations' ? { name } : {};
    return `edit ${kind} ${control.edit(kind, dice.one(living(kind)), patch)}`;
  };
  const create = (dice: Dice): string => {
    const kind = dice.one(['orders', 'orders', 'items', 'categories', ...(dice.chance(0.2) ? (['locations'] as const) : [])] as const);
    return `create ${kind} ${control.create(kind)}`;
  };
  const count = (dice: Dice): string => {
    const [variation, location] = [dice.one(living('variations')), dice.one(living('locations'))];
    return `count ${control.setCount({ variation, location, quantity: String(++edits) })}`;
  };
  const changes = [edit, edit, create, remove, late, count, () => `offline order ${control.offlineOrder({ hoursLate: 1 + (edits % 70) })}`];
  return {
    name: 'square',
    schema: 'square',
    entities: Object.keys(KINDS),
    at,
    truth: (entity) => new Map([...control.truth(KINDS[entity as keyof typeof KINDS])].map(({ id, text }) => [id, text])),
    change: (dice) => dice.one(changes)(dice),
    fault(dice) {
      if (dice.chance(0.1)) {
        control.staleCursors();
        return 'every page token is lost';
      }
      const rule = { match: { kind: dice.one(REQUESTS) }, fault: dice.one(FAULTS), times: strikes(dice), skip: dice.below(3) };
      control.addFault(rule);
      return JSON.stringify(rule);
    },
    during(dice, action) {
      const match = { kind: dice.one(REQUESTS), nth: 1 + dice.below(3) };
      control.onRequest(match, action);
      return JSON.stringify(match);
    },
    expireSessions: () => undefined,
    seesDeletions: (entity, read) => entity !== 'inventory' || read === 'complete',
  };
}
