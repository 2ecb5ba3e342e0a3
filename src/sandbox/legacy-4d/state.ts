import type { SandboxClock } from '../clock';
import { artikelFamilie } from './classes/artikel-familie';
import { artikelKategorie } from './classes/artikel-kategorie';
import { artikelVariante } from './classes/artikel-variante';
import { auftrag } from './classes/auftrag';
import { auftragPosition } from './classes/auftrag-position';
import { deletedRecords } from './classes/deleted-records';
import { DATA_CLASSES, DELETED_RECORDS } from './data-class';
import type { DataClass, DataClassName, TableName } from './data-class';
import { EntitySets } from './entity-sets';
import { EntityWriter } from './entity-text';
import type { Encoding } from './entity-text';
import { Faults, Hooks } from './faults';
import { Listing } from './listing';
import type { Credentials } from './login';
import { RecordTable } from './record-table';
import { RequestLog } from './request-log';
import type { Sessions } from './sessions';
import type { World } from './world';

/** What 4D leaves open or does not document; every one a knob. */
export interface Rules {
  /** A legacy server without access rights reads for everybody. */
  readonly openToAll: boolean;
  /** Records of a page when neither `$top` nor `$limit` is sent. */
  readonly defaultTopSize: number;
  /** Whether `__GlobalStamp` at the top is the number that the next change gets (as the documentation reads) or the last one given; or not there. */
  readonly stampShown: 'next' | 'last' | 'hidden';
  /** How far `__Stamp` of a deletion lies behind its own place: 0, or 1 for "just before the deletion" read strictly. */
  readonly deletionStampLag: 0 | 1;
  /** HTTP status for a key that does not exist. */
  readonly missingEntity: number;
  /** HTTP status of a refused login of the legacy kind. */
  readonly refusedLogin: number;
  readonly noLicence: { readonly status: number; readonly errCode: number };
}

interface Parts {
  readonly world: World;
  readonly clock: SandboxClock;
  readonly sessions: Sessions;
  readonly credentials: Credentials;
  readonly encoding: Encoding;
  readonly rules: Rules;
  readonly tracking: ReadonlySet<DataClassName>;
  /** Keep the keys of list answers in the request log. */
  readonly logKeys: boolean;
}

/** Everything one sandbox holds; sandboxes share nothing. */
export class Legacy4dState {
  readonly clock: SandboxClock;
  readonly sessions: Sessions;
  readonly credentials: Credentials;
  readonly rules: Rules;
  readonly logKeys: boolean;
  readonly sets: EntitySets;
  readonly writer: EntityWriter;
  readonly faults = new Faults();
  readonly hooks = new Hooks();
  readonly log = new RequestLog();
  readonly #tracking: ReadonlySet<DataClassName>;
  readonly #tables = new Map<TableName, RecordTable>();
  readonly #listings = new Map<TableName, Listing>();
  #nextStamp: number;

  constructor({ world, ...parts }: Parts) {
    ({ clock: this.clock, sessions: this.sessions, credentials: this.credentials, rules: this.rules, logKeys: this.logKeys } = parts);
    this.#tracking = parts.tracking;
    this.#nextStamp = world.total + 1;
    this.sets = new EntitySets(this.clock, world.seed);
    this.writer = new EntityWriter(this, parts.encoding);
    for (const make of [artikelKategorie, artikelFamilie, artikelVariante, auftrag, auftragPosition]) this.#add(make(world), world);
    this.#add(deletedRecords(world.seed), world);
  }

  table(name: TableName): RecordTable {
    return this.#tables.get(name) as RecordTable;
  }

  listing(name: TableName): Listing {
    return this.#listings.get(name) as Listing;
  }

  /** Grows with every change of any record. */
  version(): number {
    let sum = 0;
    for (const table of this.#tables.values()) sum += table.version;
    return sum;
  }

  tracked(name: TableName): boolean {
    return name !== DELETED_RECORDS && this.#tracking.has(name);
  }

  /** Classes that the catalog shows. */
  exposed(): TableName[] {
    return this.#tracking.size === 0 ? [...DATA_CLASSES] : [...DATA_CLASSES, DELETED_RECORDS];
  }

  /** `__GlobalStamp` at the top of lists; 0 without change tracking. */
  shownStamp(): number {
    if (this.#tracking.size === 0 || this.rules.stampShown === 'hidden') return 0;
    return this.rules.stampShown === 'next' ? this.#nextStamp : this.#nextStamp - 1;
  }

  get nextStamp(): number {
    return this.#nextStamp;
  }

  takeStamp(): number {
    return this.#nextStamp++;
  }

  /** The number that the next change gets, as `setGlobalStamp` or a restored backup would leave it. */
  setNextStamp(stamp: number): void {
    this.#nextStamp = stamp;
  }

  /** Deletes a record, and says so in `__DeletedRecords` where its class is tracked. `taken`: the stamp of a deletion that is committed late. */
  remove(name: DataClassName, record: string | number, taken?: number): string {
    const key = this.table(name).remove(record);
    if (!this.tracked(name)) return key;
    const { tableNumber } = this.table(name).dataClass;
    const stamp = (taken ?? this.takeStamp()) - this.rules.deletionStampLag;
    this.table(DELETED_RECORDS).create({ __PrimaryKey: key, __Stamp: stamp, __TableName: name, __TableNumber: tableNumber });
    return key;
  }

  /** Sessions and entity sets are gone, the data is not. */
  restart(): void {
    this.sessions.endAll();
    this.sets.drop();
  }

  #add(dataClass: DataClass, world: World): void {
    const { name } = dataClass;
    const stamps = name === DELETED_RECORDS ? undefined : world.stamps[name];
    const takeStamp = (): number => (this.tracked(name) ? this.takeStamp() : 0);
    this.#tables.set(name, new RecordTable(dataClass, stamps, { now: () => this.clock.now(), takeStamp }));
    this.#listings.set(name, new Listing(this.table(name), this));
  }
}
