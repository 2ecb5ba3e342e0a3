import type { SandboxClock } from './clock';
import { contacts } from './entities/contacts';
import { invoices } from './entities/invoices';
import { items } from './entities/items';
import { EntityTable } from './entity-table';
import { Faults } from './faults';
import { Hooks } from './hooks';
import type { Limits } from './limits';
import { Listing } from './listing';
import type { OAuth } from './oauth';
import { RequestLog } from './request-log';
import type { EntityName, World } from './world';

/** Answers that Zoho does not document; every one a knob. */
export interface UnverifiedRules {
  /** `last_modified_time` filters `>` instead of `>=`. */
  modifiedFilterExclusive: boolean;
  /** Records a list page holds at most; Zoho documents 200. A smaller one is said in `page_context`. */
  readonly largestPage: number;
  readonly missingOrganization: { readonly status: number; readonly code: number };
  readonly wrongOrganization: { readonly status: number; readonly code: number };
}

interface Parts {
  readonly world: World;
  readonly clock: SandboxClock;
  readonly oauth: OAuth;
  readonly limits: Limits;
  readonly rules: UnverifiedRules;
  /** Keep the ids of list answers in the request log. */
  readonly logIds: boolean;
}

/** Everything one sandbox holds; sandboxes share nothing. */
export class SandboxState {
  readonly world: World;
  readonly clock: SandboxClock;
  readonly oauth: OAuth;
  readonly limits: Limits;
  readonly rules: UnverifiedRules;
  readonly logIds: boolean;
  readonly faults = new Faults();
  readonly hooks = new Hooks();
  readonly log = new RequestLog();
  readonly #tables: Readonly<Record<EntityName, EntityTable>>;
  readonly #listings: Readonly<Record<EntityName, Listing>>;

  constructor(parts: Parts) {
    ({ world: this.world, clock: this.clock, oauth: this.oauth, limits: this.limits, rules: this.rules, logIds: this.logIds } = parts);
    const now = (): number => this.clock.seconds();
    this.#tables = {
      contacts: new EntityTable(this.world, contacts, now),
      items: new EntityTable(this.world, items, now),
      invoices: new EntityTable(this.world, invoices, now),
    };
    this.#listings = {
      contacts: new Listing(this.#tables.contacts),
      items: new Listing(this.#tables.items),
      invoices: new Listing(this.#tables.invoices),
    };
  }

  table(entity: EntityName): EntityTable {
    return this.#tables[entity];
  }

  listing(entity: EntityName): Listing {
    return this.#listings[entity];
  }
}
