import { CommonControl } from './common-control';
import type { Stamp, TruthRecord } from './entity-table';
import { parseFaultSpec } from './fault-spec';
import type { Fault, RequestMatch } from './faults';
import type { JsonObject } from './json-text';
import type { LimitSettings } from './limits';
import type { TokenLimits } from './oauth';
import type { SandboxRequest } from './request';
import type { LoggedRequest } from './request-log';
import type { SandboxState } from './state';
import type { EntityName } from './world';

export interface ChangeOptions {
  /** What `last_modified_time` becomes; without it the sandbox's clock, floored to the second. */
  readonly lastModifiedTime?: Stamp;
}

export interface SandboxStats {
  readonly requests: number;
  readonly inFlight: number;
  readonly liveTokens: number;
  /** Calls served since midnight. */
  readonly callsToday: number;
  readonly counts: Readonly<Record<EntityName, number>>;
  readonly clock: string;
  readonly frozen: boolean;
}

/** Everything that a test or the switchboard can do to a sandbox. Records are named by id or by index (0 = first created). */
export class SandboxControl extends CommonControl<Fault, RequestMatch, SandboxRequest, LoggedRequest> {
  constructor(private readonly state: SandboxState) {
    super(state, parseFaultSpec);
  }

  /** Changes fields of a record; returns its id. */
  edit(entity: EntityName, record: string | number, patch: JsonObject = {}, options: ChangeOptions = {}): string {
    return this.state.table(entity).edit(record, patch, options.lastModifiedTime);
  }

  /** Makes a new record out of seeded values and the patch; returns its id. */
  create(entity: EntityName, patch: JsonObject = {}, options: ChangeOptions = {}): string {
    return this.state.table(entity).create(patch, options.lastModifiedTime);
  }

  /** Deletes without a trace; returns the id. */
  remove(entity: EntityName, record: string | number): string {
    return this.state.table(entity).remove(record);
  }

  /** A record that becomes visible only now but carries an older time of modification, and of creation unless the patch says otherwise. */
  lateCommit(
    entity: EntityName,
    options: { readonly lastModifiedTime: Date | string; readonly patch?: JsonObject; readonly record?: string | number },
  ): string {
    const { record, patch = {}, lastModifiedTime } = options;
    if (record !== undefined) return this.edit(entity, record, patch, { lastModifiedTime });
    const id = this.create(entity, patch, { lastModifiedTime });
    if ('created_time' in patch) return id;
    const stamped = this.state.table(entity).fields(this.indexOf(entity, id), 'full').last_modified_time ?? '';
    return this.edit(entity, id, { created_time: stamped }, { lastModifiedTime: 'keep' });
  }

  idOf(entity: EntityName, index: number): string {
    return this.state.table(entity).idOf(index);
  }

  /** The index of a living record. Throws for an id that does not live. */
  indexOf(entity: EntityName, id: string): number {
    const index = this.state.table(entity).find(id);
    if (index === undefined) throw new RangeError(`the sandbox has no ${entity} record ${JSON.stringify(id)}`);
    return index;
  }

  count(entity: EntityName): number {
    return this.state.table(entity).count();
  }

  /** The oracle: every living record as the detail call and the list would show it now. */
  truth(entity: EntityName): Generator<TruthRecord> {
    return this.state.table(entity).truth();
  }

  expireTokens(): void {
    this.state.oauth.expireUsed();
  }

  /** Limits from now on; what was counted so far is forgotten. */
  setLimits({ tokensPerTenMinutes, liveTokens, ...limits }: Partial<LimitSettings & TokenLimits>): void {
    Object.assign(this.state.limits.settings, limits);
    Object.assign(
      this.state.oauth.limits,
      tokensPerTenMinutes !== undefined && { tokensPerTenMinutes },
      liveTokens !== undefined && { liveTokens },
    );
    this.state.limits.reset();
    this.state.oauth.resetWindow();
  }

  /** `last_modified_time` filters as `>` instead of `>=`. */
  setModifiedFilterExclusive(exclusive: boolean): void {
    this.state.rules.modifiedFilterExclusive = exclusive;
  }

  stats(): SandboxStats {
    const { state } = this;
    return {
      requests: state.log.total,
      inFlight: state.limits.running,
      liveTokens: state.oauth.live,
      callsToday: state.limits.today,
      counts: { contacts: this.count('contacts'), items: this.count('items'), invoices: this.count('invoices') },
      clock: this.now().toISOString(),
      frozen: state.clock.frozen,
    };
  }
}
