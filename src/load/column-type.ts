import type { ValueClass } from '../json/profile';
import { joinTypes } from '../sources/column-join';
import type { ColumnType } from '../sources/source';

/** Type of a column that has seen only values of one class; `null` for classes that say nothing. */
function typeOf(kind: ValueClass): ColumnType | null {
  switch (kind) {
    case 'null':
    case 'empty':
      return null;
    case 'datetime':
    case 'legacy_date':
      return 'text';
    case 'object':
    case 'array':
      return 'jsonb';
    default:
      return kind;
  }
}

export interface TypeQuestion {
  /** The column's type in the table; it is never narrowed. */
  readonly held: ColumnType | null;
  readonly declared: ColumnType | null;
  /** Keys and `*_id`: text, whatever digits they are made of. */
  readonly isId: boolean;
  readonly emptyIsNull: boolean;
  readonly seen: ReadonlySet<ValueClass>;
}

/** Type for a field, or `null` while nothing but nulls came. A declared type stays as long as the data fits it. */
export function columnType(question: TypeQuestion): ColumnType | null {
  const { held, seen, emptyIsNull } = question;
  const declared = question.isId && question.declared !== 'jsonb' ? 'text' : question.declared;
  let type = held ?? (question.isId && question.declared === null ? null : declared);
  for (const kind of seen) {
    const own = typeOf(kind);
    if (own === null || (type !== null && fits(kind, type, declared))) continue;
    const wanted = question.isId && own !== 'jsonb' ? 'text' : own;
    type = type === null ? wanted : joinTypes(type, wanted);
  }
  if (!seen.has('empty')) return type;
  if (type === null) return 'text';
  return emptyIsNull || type === 'jsonb' ? type : 'text';
}

/** Instants without an offset, and days, fit a timestamptz that the source declared: its zone says what they mean. 4D's days fit a declared date too. */
function fits(kind: ValueClass, type: ColumnType, declared: ColumnType | null): boolean {
  if (type === 'timestamptz' && declared === 'timestamptz') return ['timestamptz', 'datetime', 'date', 'legacy_date'].includes(kind);
  if (type === 'date' && declared === 'date' && kind === 'legacy_date') return true;
  const own = typeOf(kind);
  return own === null || joinTypes(type, own) === type;
}
