import { createHash, randomBytes } from 'node:crypto';
import { SandboxClock } from '../clock';
import { Legacy4dControl } from './control';
import { DATA_CLASSES } from './data-class';
import type { DataClassName } from './data-class';
import type { DateEncoding } from './days';
import type { Credentials } from './login';
import { Legacy4dServer } from './server';
import { Sessions } from './sessions';
import type { Generation } from './sessions';
import { Legacy4dState } from './state';
import type { Rules } from './state';
import { Switchboard } from './switchboard';
import { World } from './world';
import type { Counts } from './world';

export type { Legacy4dControl, Legacy4dStats, TruthRecord } from './control';
export { DATA_CLASSES, DELETED_RECORDS, GLOBAL_STAMP, type DataClassName } from './data-class';
export type { DateEncoding } from './days';
export { FAULT_SPEC_HELP } from './fault-spec';
export {
  FAULT_MEANINGS,
  FAULTS,
  type ActiveRule,
  type Fault,
  type FaultRule,
  type HookAction,
  type HookMatch,
  type RequestMatch,
} from './faults';
export type { Credentials } from './login';
export type { ChangeOptions } from './record-table';
export type { RequestKind, RestRequest } from './request';
export type { LoggedRequest } from './request-log';
export type { Generation } from './sessions';
export type { Rules } from './state';
export type { Counts } from './world';

export interface Legacy4dOptions {
  /** Same seed, counts and start clock: the same bytes. */
  readonly seed: number;
  /** Default 12 categories, 80 families, 300 variants, 40 orders. Lines follow from the orders: 21 for each 8. */
  readonly counts?: Partial<Counts>;
  /** 0 (default) takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Where the sandbox's clock starts ticking; seeded records are at least an hour older. Default 2026-10-01T08:00:00Z. */
  readonly startClock?: Date | string;
  /** The clock stands still until it is moved. */
  readonly freeze?: boolean;
  /** Which login there is; default `legacy`. */
  readonly generation?: Generation;
  /** `WASID4D` (default of `legacy`) or `4DSID_Warenwirtschaft` (default of `force-login`), or any other. */
  readonly cookieName?: string;
  /** Sessions that may hold a licence at once; default 3, as on a single-user 4D. */
  readonly licences?: number;
  /** Minutes without a request after which a session ends; default 60. */
  readonly idleMinutes?: number;
  /** Whether classes have `__GlobalStamp`, and `__DeletedRecords` is there: all (default), none, or those named. */
  readonly changeTracking?: boolean | readonly DataClassName[];
  /** Dates as `dd!mm!yyyy` (`simple`, default) or `2026-10-01T00:00:00Z` (`iso`). */
  readonly dates?: DateEncoding;
  /** How an empty date is written; default `0!0!0` for `simple`, null for `iso`. */
  readonly emptyDate?: string | null;
  readonly user?: string;
  readonly password?: string;
  /** Default the MD5 of the password: 4D's own digest is not documented. */
  readonly hashedPassword?: string;
  readonly controlToken?: string;
  /** Keep the keys of list answers in the request log. */
  readonly logKeys?: boolean;
  /** Faults that are there from the beginning, in their short form (`FAULT_SPEC_HELP`). */
  readonly faults?: readonly string[];
  /** Answers that 4D leaves open. */
  readonly rules?: Partial<Rules>;
}

export interface Legacy4dSandbox {
  readonly url: string;
  /** Root of the REST server: `<url>/rest`. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly controlToken: string;
  readonly control: Legacy4dControl;
  close(): Promise<void>;
}

const DEFAULT_START = '2026-10-01T08:00:00Z';
const DEFAULT_COUNTS: Counts = { Artikel_Kategorie: 12, Artikel_Familie: 80, Artikel_Variante: 300, Auftrag: 40 };
const NEWEST_SEEDED_AGE_MS = 3_600_000;

function secret(): string {
  return randomBytes(16).toString('hex');
}

function credentialsOf({ user = 'freshet', password = secret(), hashedPassword }: Legacy4dOptions): Credentials {
  return { user, password, hashedPassword: hashedPassword ?? createHash('md5').update(password).digest('hex') };
}

function checkedCounts(options: Legacy4dOptions): Counts {
  const counts = { ...DEFAULT_COUNTS, ...options.counts };
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isInteger(count) || count < 0 || count > 10_000_000) {
      throw new RangeError(`the sandbox cannot make ${count} ${name}: give a whole number from 0 to 10,000,000`);
    }
  }
  return counts;
}

function trackedOf(tracking: boolean | readonly DataClassName[] = true): ReadonlySet<DataClassName> {
  return new Set(tracking === true ? DATA_CLASSES : tracking === false ? [] : tracking);
}

function rulesOf(options: Legacy4dOptions): Rules {
  return {
    openToAll: false,
    defaultTopSize: 100,
    stampShown: 'next',
    deletionStampLag: 0,
    missingEntity: 404,
    refusedLogin: 200,
    noLicence: { status: 500, errCode: 9001 },
    ...options.rules,
  };
}

function stateOf(options: Legacy4dOptions): Legacy4dState {
  const start = new Date(options.startClock ?? DEFAULT_START);
  const clock = new SandboxClock(start, options.freeze ?? false);
  const { generation = 'legacy', dates = 'simple' } = options;
  const cookieName = options.cookieName ?? (generation === 'legacy' ? 'WASID4D' : '4DSID_Warenwirtschaft');
  const { licences = 3, idleMinutes = 60, emptyDate = dates === 'simple' ? '0!0!0' : null } = options;
  return new Legacy4dState({
    world: new World(options.seed, checkedCounts(options), start.getTime() - NEWEST_SEEDED_AGE_MS),
    clock,
    sessions: new Sessions(clock, { generation, cookieName, licences, idleMinutes }),
    credentials: credentialsOf(options),
    encoding: { dates, emptyDate },
    rules: rulesOf(options),
    tracking: trackedOf(options.changeTracking),
    logKeys: options.logKeys ?? false,
  });
}

/** Starts a stand-in for a 4D REST server with a product database. Any number can run in one process; they share nothing. */
export async function startLegacy4dSandbox(options: Legacy4dOptions): Promise<Legacy4dSandbox> {
  const state = stateOf(options);
  const controlToken = options.controlToken ?? secret();
  const host = options.host ?? '127.0.0.1';
  const control = new Legacy4dControl(state, (): number => server.inFlight);
  const server: Legacy4dServer = new Legacy4dServer(state, new Switchboard(control, controlToken));
  for (const spec of options.faults ?? []) control.addFault(spec);
  const port = await server.listen(options.port ?? 0, host);
  const url = `http://${host}:${port}`;
  return { url, baseUrl: `${url}/rest`, credentials: state.credentials, controlToken, control, close: () => server.close() };
}
