import { CommonControl } from '../common-control';
import { scalarText } from '../json-text';
import type { JsonObject, JsonValue } from '../json-text';
import { DATA_CLASSES, DELETED_RECORDS } from './data-class';
import type { DataClassName } from './data-class';
import { parseFaultSpec } from './fault-spec';
import type { Fault, RequestMatch } from './faults';
import type { ChangeOptions } from './record-table';
import type { RestRequest } from './request';
import type { LoggedRequest } from './request-log';
import type { Legacy4dState } from './state';

export interface Legacy4dStats {
  readonly requests: number;
  readonly inFlight: number;
  readonly sessions: number;
  /** Sessions that are logged in. */
  readonly users: number;
  readonly licences: number;
  readonly entitySets: number;
  readonly counts: Readonly<Record<DataClassName, number>>;
  /** The number that the next change gets. */
  readonly nextStamp: number;
  readonly clock: string;
  readonly frozen: boolean;
}

export interface TruthRecord {
  readonly key: string;
  /** JSON text of the entity as a list without `$attributes` and `$expand` shows it. */
  readonly row: string;
}

/** Everything that a test or the switchboard can do to a sandbox. Records are named by key or by index (0 = first created). */
export class Legacy4dControl extends CommonControl<Fault, RequestMatch, RestRequest, LoggedRequest> {
  constructor(
    private readonly state: Legacy4dState,
    private readonly inFlight: () => number,
  ) {
    super(state, parseFaultSpec);
  }

  /** Saves a record with some stored values changed; returns its key. A date is `2026-10-01` or ''. */
  edit(dataClass: DataClassName, record: string | number, patch: JsonObject = {}, options: ChangeOptions = {}): string {
    return this.state.table(dataClass).edit(record, patch, options);
  }

  /** Makes a new record out of seeded values and the patch; returns its key. */
  create(dataClass: DataClassName, patch: JsonObject = {}, options: ChangeOptions = {}): string {
    return this.state.table(dataClass).create(patch, options);
  }

  /** Makes a record anew under the key of one that was deleted, as an import does that deletes and inserts. */
  recreate(dataClass: DataClassName, key: string, patch: JsonObject = {}, options: ChangeOptions = {}): string {
    return this.state.table(dataClass).recreate(key, patch, options);
  }

  /** Deletes a record; returns its key. Where its class is tracked, `__DeletedRecords` says so. */
  remove(dataClass: DataClassName, record: string | number, { globalStamp }: Pick<ChangeOptions, 'globalStamp'> = {}): string {
    return this.state.remove(dataClass, record, globalStamp);
  }

  /** Takes a global stamp for a change that will be committed later, behind others (`lateCommit`). */
  reserveStamp(): number {
    return this.state.takeStamp();
  }

  /** A change that becomes visible only now but carries an older global stamp: a new record, or an edit of the one named. */
  lateCommit(
    dataClass: DataClassName,
    options: ChangeOptions & { readonly globalStamp: number; readonly patch?: JsonObject; readonly record?: string | number },
  ): string {
    const { record, patch = {}, ...change } = options;
    return record === undefined ? this.create(dataClass, patch, change) : this.edit(dataClass, record, patch, change);
  }

  /** The number that the next change gets: lower than before, and clients must notice that the stamps went back. */
  setGlobalStamp(next: number): void {
    this.state.setNextStamp(next);
  }

  keyOf(dataClass: DataClassName, index: number): string {
    return this.state.table(dataClass).keyOf(index);
  }

  /** The index of a living record. Throws for a key that does not live. */
  indexOf(dataClass: DataClassName, key: string): number {
    const index = this.state.table(dataClass).find(key);
    if (index === undefined) throw new RangeError(`the sandbox has no ${dataClass} record ${JSON.stringify(key)}`);
    return index;
  }

  count(dataClass: DataClassName): number {
    return this.state.table(dataClass).count();
  }

  /** The stored value of one attribute; a date is `2026-10-01` or ''. */
  value(dataClass: DataClassName, record: string | number, attribute: string): JsonValue {
    const index = typeof record === 'number' ? record : this.indexOf(dataClass, record);
    return this.state.table(dataClass).value(index, attribute);
  }

  /** The oracle: every living record as a list would show it now, in the order of creation, one at a time. */
  *truth(dataClass: DataClassName): Generator<TruthRecord> {
    const table = this.state.table(dataClass);
    for (let index = 0; index < table.end; index += 1) {
      if (table.living(index)) yield { key: table.keyOf(index), row: this.state.writer.whole(table, index) };
    }
  }

  /** Empties `__DeletedRecords`, as a restored backup of the time before anything was deleted does. */
  forgetDeletions(): void {
    const table = this.state.table(DELETED_RECORDS);
    for (let index = 0; index < table.end; index += 1) if (table.living(index)) table.remove(index);
  }

  /** Keys that `__DeletedRecords` tells of one class. */
  deletions(dataClass: DataClassName): string[] {
    const table = this.state.table(DELETED_RECORDS);
    const all = Array.from({ length: table.end }, (_, index) => index);
    return all
      .filter((index) => table.value(index, '__TableName') === dataClass)
      .map((index) => scalarText(table.value(index, '__PrimaryKey')));
  }

  /** As if every session had been idle too long. */
  expireSessions(): void {
    this.state.sessions.endAll();
  }

  dropEntitySets(): void {
    this.state.sets.drop();
  }

  /** The server starts anew: sessions and entity sets are gone, the data is not. */
  restart(): void {
    this.state.restart();
  }

  setLicences(licences: number): void {
    this.state.sessions.settings.licences = licences;
  }

  stats(): Legacy4dStats {
    const { state } = this;
    return {
      requests: state.log.total,
      inFlight: this.inFlight(),
      ...state.sessions.count(),
      entitySets: state.sets.size,
      counts: Object.fromEntries(DATA_CLASSES.map((name) => [name, this.count(name)])) as Record<DataClassName, number>,
      nextStamp: state.nextStamp,
      clock: this.now().toISOString(),
      frozen: state.clock.frozen,
    };
  }
}
