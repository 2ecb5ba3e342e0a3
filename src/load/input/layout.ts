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
const METADATA = /(?:^|\/)sync_metadata_(.+)\.json$/i;

/** Pure. `root` is the folder's own path: it may be a session itself, or lie inside one. */
export function layoutOf(root: string, entries: readonly InputEntry[]): Layout {
  const sessions = new Map<string, { files: InputFile[]; metadata: Map<string, string>; at: string }>();
  const layout = { consolidated: [] as InputFile[], directory: [] as InputFile[], ignored: [] as { key: string; why: string }[] };
  const base = /(^|\/)(sync_session_[^/]+)$/.exec(root.replaceAll('\\', '/'))?.[2];
  for (const entry of entries) {
    const inSession = SESSION.exec(base === undefined ? entry.key : `${base}/${entry.key}`);
    const ignored = whyIgnored(entry, inSession !== null);
    if (ignored !== null) {
      layout.ignored.push({ key: entry.key, why: ignored });
    } else if (inSession !== null) {
      const [, name = '', ...rest] = inSession;
      const session = sessions.get(name) ?? { files: [], metadata: new Map<string, string>(), at: isoOf(rest) };
      sessions.set(name, session);
      const described = METADATA.exec(entry.key);
      if (described === null) session.files.push(fileOf(entry, session.at));
      else session.metadata.set(entityName(described[1]!), entry.key);
    } else if (DATED.test(entry.key)) layout.consolidated.push(fileOf(entry, null));
    else layout.directory.push(fileOf(entry, null));
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
  if (!RECORDS.test(key)) return 'no file of JSON by its name';
  if (entityName(nameOf(key)) === '') return 'its name gives no entity';
  return bytes < 0 ? 'no file' : null;
}

/** The innermost time wins: of the folder, then of the file's name; else the session's, else the file's own. */
function fileOf({ key, bytes, modifiedAt }: InputEntry, session: string | null): InputFile {
  const times = [...key.matchAll(new RegExp(TIME, 'g'))].map((match) => isoOf(match.slice(1)));
  const own = times.filter((at) => at !== '');
  return { key, bytes, entity: entityName(nameOf(key)), at: own.at(-1) ?? session ?? modifiedAt };
}

/** `invoices` of `a/b/Invoices_2025-07-12_10-30-15.json.gz`, of `invoices.page-2.json`. */
function nameOf(key: string): string {
  const base = key.slice(key.lastIndexOf('/') + 1).replace(RECORDS, '');
  return base.replace(new RegExp(`[-_. ]*${TIME}$`), '').replace(/[-_. ]+(?:part|page|chunk)[-_. ]?\d+$/i, '');
}

/** An entity's name as settings and tables have it: lower case, what is no letter or digit as `_`, at most 48. */
export function entityName(text: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return (/^[a-z]/.test(plain) || plain === '' ? plain : `e_${plain}`).slice(0, 48);
}

function isoOf([year, month, day, hour, minute, second]: readonly string[]): string {
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

function byTime(files: readonly InputFile[]): InputFile[] {
  return [...files].sort((a, b) => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at < b.at ? -1 : 1));
}
