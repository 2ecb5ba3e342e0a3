import type { SandboxClock } from '../clock';
import { HookBoard } from '../hook-board';
import { ChangedSpots } from './changed-spots';
import { Cursors } from './cursors';
import { matches, SquareFaults } from './faults';
import type { SquareMatch } from './faults';
import { categoriesKind, countsKind, itemsKind, locationsKind, ordersKind, variationsKind } from './kinds';
import type { SquareLimits } from './limits';
import { SquareLog } from './log';
import { OrderIndex } from './order-index';
import type { SquareRequest } from './request';
import type { SquareRules } from './rules';
import { VersionedTable } from './table';
import type { Tokens } from './tokens';
import type { SquareWorld } from './world';

export const SQUARE_ENTITIES = ['locations', 'categories', 'items', 'variations', 'orders', 'counts'] as const;
export type SquareEntity = (typeof SQUARE_ENTITIES)[number];

/** One change of a quantity, as the history of the inventory tells it. */
export interface CountChange {
  readonly n: number;
  readonly id: string;
  readonly state: string;
  readonly quantity: string;
  readonly occurred: number;
}

interface Parts {
  readonly world: SquareWorld;
  readonly clock: SandboxClock;
  readonly tokens: Tokens;
  readonly limits: SquareLimits;
  readonly rules: SquareRules;
  readonly logIds: boolean;
}

/** Everything one stand-in for Square holds; stand-ins share nothing. */
export class SquareState {
  readonly world: SquareWorld;
  readonly clock: SandboxClock;
  readonly tokens: Tokens;
  readonly limits: SquareLimits;
  readonly rules: SquareRules;
  readonly logIds: boolean;
  readonly cursors: Cursors;
  readonly faults = new SquareFaults();
  readonly hooks = new HookBoard<SquareMatch, SquareRequest>(matches);
  readonly log = new SquareLog();
  readonly tables: Readonly<Record<SquareEntity, VersionedTable>>;
  readonly orderIndex: OrderIndex;
  readonly changedCounts: ChangedSpots;
  /** Changes of counts since the start, oldest first. */
  readonly countChanges: CountChange[] = [];
  /** Indexes of counts that the seed has no slot for. */
  readonly extraCounts = { byId: new Map<string, number>(), ids: new Map<number, string>() };

  constructor(parts: Parts) {
    ({ world: this.world, clock: this.clock, tokens: this.tokens } = parts);
    ({ limits: this.limits, rules: this.rules, logIds: this.logIds } = parts);
    const { world, clock, rules } = this;
    // The lists behind inventory and locations are no search index.
    const [searched, atOnce] = [(): number => rules.indexLagMs, (): number => 0];
    this.tables = {
      locations: new VersionedTable(locationsKind(world), clock, atOnce),
      categories: new VersionedTable(categoriesKind(world), clock, searched),
      items: new VersionedTable(itemsKind(world), clock, searched),
      variations: new VersionedTable(variationsKind(world), clock, searched),
      orders: new VersionedTable(ordersKind(world), clock, searched),
      counts: new VersionedTable(countsKind(world, this.extraCounts), clock, atOnce),
    };
    this.orderIndex = new OrderIndex(world, this.tables.orders);
    this.changedCounts = new ChangedSpots(this.tables.counts);
    this.cursors = new Cursors(world.seed, clock, rules, () => this.edits);
  }

  /** Changes of all data since the start. */
  get edits(): number {
    return SQUARE_ENTITIES.reduce((sum, entity) => sum + this.tables[entity].edits, 0);
  }
}
