import { MAX_IDENTIFIER_BYTES } from '../../database/identifier';
import { HEADER_RESERVED, LINE_RESERVED, type Column } from '../columns';

/** What people who write SQL should know of a column's name. */
export interface NameNote {
  readonly column: string;
  readonly field: string;
  readonly note: 'standard-column' | 'cut' | 'clash' | 'differs-only-in-case' | 'keyword' | 'needs-quotes';
}

/** Names that are not what they seem: renamed, cut, alike but for capitals, or to be quoted in SQL. One note a column, the gravest. */
export function nameNotes(
  columns: readonly Column[],
  { lines, keywords }: { readonly lines: boolean; readonly keywords: ReadonlySet<string> },
): NameNote[] {
  const reserved = lines ? LINE_RESERVED : HEADER_RESERVED;
  const lower = new Map<string, number>();
  for (const { name } of columns) lower.set(name.toLowerCase(), (lower.get(name.toLowerCase()) ?? 0) + 1);
  return columns.flatMap(({ name, field }): NameNote[] => {
    const note =
      renamed(name, field, reserved) ?? ((lower.get(name.toLowerCase()) ?? 0) > 1 ? 'differs-only-in-case' : quoted(name, keywords));
    return note === null ? [] : [{ column: name, field, note }];
  });
}

function renamed(name: string, field: string, reserved: ReadonlySet<string>): NameNote['note'] | null {
  if (name === field) return null;
  if (reserved.has(field) || field === '') return 'standard-column';
  return Buffer.byteLength(field) > MAX_IDENTIFIER_BYTES ? 'cut' : 'clash';
}

function quoted(name: string, keywords: ReadonlySet<string>): NameNote['note'] | null {
  if (keywords.has(name)) return 'keyword';
  return /^[a-z_][a-z0-9_]*$/.test(name) ? null : 'needs-quotes';
}

/** The note in words. */
export const NAME_NOTE_WORDS: Readonly<Record<NameNote['note'], string>> = {
  'standard-column': 'freshet or PostgreSQL has a column of the field’s name',
  cut: 'the field’s name is longer than 63 bytes',
  clash: 'another column has the field’s name',
  'differs-only-in-case': 'another column differs only in capitals: quote it in SQL',
  keyword: 'a word of SQL: quote it',
  'needs-quotes': 'quote it in SQL',
};
