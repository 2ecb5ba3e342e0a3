import { createHash } from 'node:crypto';
import type { InputEntry } from '../../landing/input-folder';

/** Where a file of records stands in a folder, and which entity and time its name gives. */
export interface InputFile {
  /** Path below the folder. */
  readonly key: string;
  readonly entity: string;
  /** ISO text in UTC: of the folder that it stands in, else of its name, else when it was last written. */
  readonly at: string;
  readonly bytes: number;
}

export interface SessionFolder {
  /** `sync_session_2025-07-12_10-30-15`. */
  readonly name: string;
  /** ISO text in UTC, from its name. */
  readonly at: string;
  /** In the order of their time. */
  readonly files: readonly InputFile[];
  /** Entities that have a `sync_metadata_<entity>.json`, by its key. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** A folder taken apart: each of the three forms of input that it may hold (contracts §3), and what is none of them. */
export interface Layout {
  readonly sessions: readonly SessionFolder[];
  /** `raw_json/<time>/<entity>.json` outside of a session. */
  readonly consolidated: readonly InputFile[];
  /** Any other files of JSON. */
  readonly directory: readonly InputFile[];
  readonly ignored: readonly { readonly key: string; readonly why: string }[];
}

const TIME = String.raw`(\d{4})-(\d{2})-(\d{2})[_T ](\d{2})[-:](\d{2})[-:](\d{2})`;
const SESSION = new RegExp(`^(?:.*/)?(sync_session_${TIME})/(.*)$`);
const DATED = new RegExp(`^raw_json/${TIME}/[^/]+$`);
const RECORDS = /\.(json|jsonl|ndjson)(\.(gz|zst))?$/i;
const FOREIGN = /(?:^|\/)(?:sync_metadata|session_info|session_metadata|session|metadata|manifest)\.json$/i;
const FOREIGN_METADATA = 'metadata of another tool, never data';
const METADATA = /(?:^|\/)sync_metadata_(.+)\.json$/i;

/** Pure. `root` is the folder's own path: it may be a session itself, or lie inside one. */
export function layoutOf(root: string, entries: readonly InputEntry[]): Layout {
  const sessions = new Map<string, { files: InputFile[]; metadata: Map<string, string>; at: string }>();
  const layout = { consolidated: [] as InputFile[], directory: [] as InputFile[], ignored: [] as { key: string; why: string }[] };
  const path = root.replaceAll('\\', '/');
  const base = /(^|\/)(sync_session_[^/]+)$/.exec(path)?.[2];
  for (const entry of entries) {
    const inSession = SESSION.exec(base === undefined ? entry.key : `${base}/${entry.key}`);
    const ignored = whyIgnored(entry, inSession !== null);
    const [, name = '', ...rest] = inSession ?? [];
    const session = sessions.get(name) ?? { files: [], metadata: new Map<string, string>(), at: isoOf(rest) };
    if (inSession !== null && (ignored === null || ignored === FOREIGN_METADATA)) sessions.set(name, session);
    if (ignored !== null) {
      layout.ignored.push({ key: entry.key, why: ignored });
    } else if (inSession !== null) {
      const described = METADATA.exec(entry.key);
      if (described === null) session.files.push(fileOf(entry, session.at));
      else session.metadata.set(entityName(described[1]!), entry.key);
    } else if (DATED.test(entry.key)) layout.consolidated.push(fileOf(entry, null));
    else layout.directory.push(fileOf(entry, timeOf(path)));
  }
  const inOrder = [...sessions].map(([name, { at, files, metadata }]) => ({ name, at, files: byTime(files), metadata }));
  return {
    sessions: inOrder.sort((a, b) => (a.name < b.name ? -1 : 1)),
    consolidated: byTime(layout.consolidated),
    directory: byTime(layout.directory),
    ignored: layout.ignored,
  };
}

function whyIgnored({ key, bytes }: InputEntry, inSession: boolean): string | null {
  if (/(^|\/)\./.test(key) || key.endsWith('.tmp')) return 'hidden or temporary';
  if (METADATA.test(key)) return inSession ? null : 'metadata of a session, never data';
  if (inSession && FOREIGN.test(key) && !key.includes('raw_json/')) return FOREIGN_METADATA;
  if (!RECORDS.test(key)) return 'no file of JSON by its name';
  if (entityName(nameOf(key)) === '') return 'its name gives no entity';
  return bytes < 0 ? 'no file' : null;
}

/** The innermost time wins: of the folder, then of the file's name; else that of the session or the folder asked for, else the file's own. */
function fileOf({ key, bytes, modifiedAt }: InputEntry, outer: string | null): InputFile {
  const times = [...key.matchAll(new RegExp(TIME, 'g'))].map((match) => isoOf(match.slice(1)));
  const own = times.filter((at) => at !== '');
  return { key, bytes, entity: entityName(nameOf(key)), at: own.at(-1) ?? outer ?? modifiedAt };
}

/** `invoices` of `a/b/Invoices_2025-07-12_10-30-15.json.gz`, of `invoices.page-2.json`. */
function nameOf(key: string): string {
  const base = key.slice(key.lastIndexOf('/') + 1).replace(RECORDS, '');
  return base.replace(new RegExp(`[-_. ]*${TIME}$`), '').replace(/[-_. ]+(?:part|page|chunk)[-_. ]?\d+$/i, '');
}

const MOST_CHARACTERS = 48;
const DIGEST_CHARACTERS = 8;

/**
 * An entity's name as settings and tables have it: lower case, letters without accents, what is no letter or digit as `_`, at most 48. What
 * would be lost of a name, its other letters or its end, is kept as a digest, so that two names never become one.
 */
export function entityName(text: string): string {
  const letters = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  const plain = letters.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  const name = /^[a-z]/.test(plain) ? plain : `e_${plain}`;
  if (name.length <= MOST_CHARACTERS && !/(?![a-z0-9])[\p{L}\p{N}]/u.test(letters)) return plain === '' ? '' : name;
  const digest = createHash('sha256').update(text.normalize('NFC').toLowerCase()).digest('hex').slice(0, DIGEST_CHARACTERS);
  return `${name.slice(0, MOST_CHARACTERS - DIGEST_CHARACTERS - 1).replace(/_+$/, '')}_${digest}`;
}

/** Of a folder's own name. */
function timeOf(path: string): string | null {
  const match = new RegExp(`(?:^|[^0-9])${TIME}/?$`).exec(path);
  return match === null ? null : isoOf(match.slice(1)) || null;
}

function isoOf(parts: readonly string[]): string {
  const [day, time] = [parts.slice(0, 3).join('-'), parts.slice(3, 6).join(':')];
  const at = new Date(`${day}T${time}Z`);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

function byTime(files: readonly InputFile[]): InputFile[] {
  return [...files].sort((a, b) => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at < b.at ? -1 : 1));
}
