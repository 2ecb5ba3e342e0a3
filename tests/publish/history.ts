import fc from 'fast-check';
import { STRATEGIES } from '../../src/domain/strategies/registry';
import { expectAgreement } from './both-merges';
import type { Result, Rules, Sides } from './reference-merge';

export const HISTORY_FIELDS = ['one', 'two'];
export const HISTORY_STRATEGIES = Object.keys(STRATEGIES);
export const HISTORY_DELETES = ['flag', 'delete', 'keep'];

/** What happens to one record, at the source, at the target, or by publishing it. */
export type Event =
  | { readonly kind: 'source'; readonly field: string; readonly value: string | null | undefined }
  | { readonly kind: 'source-deletes' | 'source-revives' | 'person-deletes' | 'person-flags' | 'publish' }
  | { readonly kind: 'person'; readonly field: string; readonly value: string | null };

export interface History {
  readonly rules: Rules;
  readonly events: readonly Event[];
}

const VALUES = [null, 'a', 'b', 'c'];

export function eventArbitrary(fields: readonly string[]): fc.Arbitrary<Event> {
  const field = fc.constantFrom(...fields);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('source' as const), field, value: fc.constantFrom(undefined, ...VALUES) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('person' as const), field, value: fc.constantFrom(...VALUES) }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'publish' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('source-deletes', 'source-revives', 'person-deletes', 'person-flags') }),
    },
  );
}

export function historyArbitrary(fields: readonly string[]): fc.Arbitrary<History> {
  return fc.record({
    rules: fc.record({
      fields: fc.constant([...fields]),
      strategy: fc.constantFrom(...HISTORY_STRATEGIES),
      deletes: fc.constantFrom(...HISTORY_DELETES),
      updateExisting: fc.constantFrom(true, true, true, false),
    }),
    events: fc.array(eventArbitrary(fields), { minLength: 2, maxLength: 14 }),
  });
}

/** One record as source and target have it, and when either was last touched. */
export class World {
  gone = false;
  source: Record<string, string | null> = {};
  base: Sides['base'];
  target: Sides['target'] = null;
  private clock = 0;
  private sourceAt = 0;
  private editedAt = -1;

  constructor(private readonly rules: Rules) {
    this.base = { state: 'none', values: Object.fromEntries(rules.fields.map((name) => [name, null])) };
  }

  /** Whether the event could happen at all: nobody edits a row that is not there. */
  happen(event: Event): boolean {
    this.clock++;
    if (event.kind.startsWith('person') && this.target === null) return false;
    if (event.kind === 'source') {
      if (this.gone) return false;
      if (event.value === undefined) delete this.source[event.field];
      else this.source[event.field] = event.value;
    } else if (event.kind === 'source-deletes') this.gone = true;
    else if (event.kind === 'source-revives') this.gone = false;
    else if (event.kind === 'person') this.target!.values[event.field] = event.value;
    else if (event.kind === 'person-flags') this.target!.flagged = !this.target!.flagged;
    else if (event.kind === 'person-deletes') this.target = null;
    if (event.kind.startsWith('source')) this.sourceAt = this.clock;
    if (event.kind.startsWith('person')) this.editedAt = event.kind === 'person-deletes' ? -1 : this.clock;
    return true;
  }

  /** By the world's clock: when the source last changed the record, and a person the row (-1: never). */
  touchedAt(): { readonly source: number; readonly person: number } {
    return { source: this.sourceAt, person: this.editedAt };
  }

  sides(): Sides {
    const { gone, source, base, target } = this;
    return structuredClone({ gone, source, base, target, pins: {}, targetIsNewer: this.editedAt > this.sourceAt, referenced: false });
  }

  publish(): Result {
    const result = expectAgreement(this.sides(), this.rules);
    if (this.target === null || result.target === null) this.editedAt = -1;
    this.base = structuredClone(result.base);
    this.target = structuredClone(result.target);
    return result;
  }
}

/** Plays a history on the pure merge, and asks after each publish what must hold whatever the strategy says. */
export function playPure({ rules, events }: History): void {
  const world = new World(rules);
  world.publish();
  for (const event of events) {
    if (event.kind !== 'publish') {
      world.happen(event);
      continue;
    }
    const before = world.sides();
    const first = world.publish();
    keepsPeoplesEdits(before, first, rules);
    // What asks once asks again, and nothing else moves: publishing is done when it is done.
    const second = world.publish();
    if (JSON.stringify([second.target, second.base, second.open]) !== JSON.stringify([first.target, first.base, first.open]))
      expect({ history: events, second }).toEqual({ history: events, second: first });
  }
}

/** A field that only a person changed stays as the person left it. */
function keepsPeoplesEdits(before: Sides, after: Result, { fields }: Rules): void {
  if (before.gone || before.target === null || after.target === null) return;
  for (const name of fields) {
    const sourceSame = !(name in before.source) || before.source[name] === before.base.values[name];
    if (sourceSame && after.target.values[name] !== before.target.values[name])
      throw new Error(`${name} was ${String(before.target.values[name])} by hand and is ${String(after.target.values[name])}`);
  }
}
