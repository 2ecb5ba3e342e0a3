import { createHash } from 'node:crypto';
import { MAX_IDENTIFIER_BYTES } from '../database/identifier';

/** PostgreSQL's own columns of every table; no table can have one of these names twice. */
const SYSTEM_COLUMNS = ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'] as const;

const MARK_BYTES = 9;

/**
 * Column name of a source field: the field itself where PostgreSQL can hold it, `source_<field>` where freshet or PostgreSQL has a column
 * of that name, else cut or marked with a digest of the field. The same field gets the same name whatever came before it;
 * `taken` is only asked against chance and malice.
 */
export function columnName(field: string, reserved: ReadonlySet<string>, taken: ReadonlySet<string>): string {
  const wanted = preferredName(field, reserved);
  if (!taken.has(wanted)) return wanted;
  for (let again = 1; ; again++) {
    const name = marked(wanted, `${field}\0${again}`);
    if (!taken.has(name)) return name;
  }
}

/** Names that fields cannot have as they are: the given ones and PostgreSQL's own. */
export function reservedNames(own: readonly string[]): ReadonlySet<string> {
  return new Set([...own, ...SYSTEM_COLUMNS]);
}

function preferredName(field: string, reserved: ReadonlySet<string>): string {
  if (reserved.has(field) || field === '') return `source_${field}`;
  // `source_id` is promised to the field `id`, also where the field `source_id` comes first.
  const promised = field.startsWith('source_') && (reserved.has(field.slice(7)) || field === 'source_');
  if (promised || Buffer.byteLength(field) > MAX_IDENTIFIER_BYTES) return marked(field, field);
  return field;
}

function marked(name: string, seed: string): string {
  // A name may be megabytes long: it is cut roughly before it is cut between characters.
  let cut = name.slice(0, MAX_IDENTIFIER_BYTES);
  while (Buffer.byteLength(cut) > MAX_IDENTIFIER_BYTES - MARK_BYTES) cut = [...cut].slice(0, -1).join('');
  return `${cut}_${createHash('sha256').update(seed).digest('hex').slice(0, 8)}`;
}
