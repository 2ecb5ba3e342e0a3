import type { Fault } from '../../src/sandbox/legacy-4d/faults';
import { installLegacy4d } from '../support/installation';
import { smallPages } from './small-pages';
import { NO_THRESHOLD, strikes, type Stand } from './stand';

const CLASSES = { categories: 'Artikel_Kategorie', parents: 'Artikel_Familie', variants: 'Artikel_Variante' } as const;
const NAMES = Object.values(CLASSES);
const FAULTS: readonly Fault[] = [
  ...([
    'sessionExpired',
    'unauthorized',
    'restart',
    'internal500',
    'error200',
    'errorBesideData',
    'html502',
    'html500',
    'html200',
  ] as const),
  ...(['emptyObject', 'falseEmpty', 'samePage', 'wrongEnvelope', 'truncated', 'reset', 'resetMidBody', 'delay'] as const),
];

/** `tracks`: the server has stamps and a feed of deletions. */
export async function legacy4dStand(databaseUrl: string, seed: number, tracks = true): Promise<Stand> {
  const at = await installLegacy4d({
    databaseUrl,
    sandbox: {
      seed,
      freeze: true,
      changeTracking: tracks,
      counts: { Artikel_Kategorie: 6, Artikel_Familie: 14, Artikel_Variante: 30, Auftrag: 2 },
    },
    sources: smallPages(),
    variables: NO_THRESHOLD,
  });
  const { control } = at.sandbox;
  /** Stamps that were taken by changes which are not yet to be seen. */
  const taken: number[] = [];
  return {
    name: tracks ? 'legacy-4d' : 'legacy-4d without stamps',
    schema: 'pyerp',
    entities: Object.keys(CLASSES),
    at,
    truth: (entity) => new Map([...control.truth(CLASSES[entity as keyof typeof CLASSES])].map(({ key, row }) => [key, row])),
    change(dice) {
      const name = dice.one(NAMES);
      const keys = [...control.truth(name)].map(({ key }) => key);
      const what = dice.one(['edit', 'edit', 'create', 'remove', 'take', 'late'] as const);
      if (what === 'edit') return `edit ${name} ${control.edit(name, dice.one(keys))}`;
      if (what === 'remove' && keys.length > 4) return `remove ${name} ${control.remove(name, dice.one(keys))}`;
      if (what === 'take' && tracks && taken.length < 3) return `take stamp ${taken.push(control.reserveStamp())}`;
      const globalStamp = what === 'late' ? taken.shift() : undefined;
      if (globalStamp !== undefined) return `late ${name} ${control.lateCommit(name, { globalStamp })} with stamp ${globalStamp}`;
      return `create ${name} ${control.create(name)}`;
    },
    fault(dice) {
      const rule = {
        match: { kind: 'list', dataClass: dice.one(NAMES) } as const,
        fault: dice.one(FAULTS),
        times: strikes(dice),
        skip: dice.below(3),
      };
      control.addFault(rule);
      return JSON.stringify(rule);
    },
    during(dice, action) {
      const match = { kind: 'list', dataClass: dice.one(NAMES), nth: 1 + dice.below(3) } as const;
      control.onRequest(match, action);
      return JSON.stringify(match);
    },
    expireSessions: () => control.expireSessions(),
    seesDeletions: () => true,
  };
}
