import { count, counted } from '../../domain/counted';
import { MAX_PROFILE_FIELDS } from '../../json/profile';
import type { EntityAnalysis } from './entity-analysis';
import type { InferredDefinition } from './definition';

/** What will make loads slow or tables awkward, and what to do about it. */
export interface Hint {
  readonly code:
    | 'too-many-fields'
    | 'wide'
    | 'deep'
    | 'huge-record'
    | 'many-records'
    | 'no-cursor'
    | 'unreadable-records'
    | 'mixed-types'
    | 'many-line-items';
  readonly message: string;
}

const WIDE = 200;
const DEEP = 5;
const HUGE_BYTES = 1_000_000;
const MANY_RECORDS = 1_000_000;
const MANY_LINES = 10_000;
const MAX_NAMED = 3;

/** Hints for one entity, the gravest first. Pure. */
export function hintsFor(analysis: EntityAnalysis, inferred: InferredDefinition): Hint[] {
  const { fields, cut, bytes, records, undecoded } = analysis;
  const deep = fields.filter(({ depth }) => depth > DEEP).map(({ name }) => name);
  const mixed = fields.filter(isMixed).map(({ name }) => name);
  const long = analysis.lineItems.filter(({ most }) => most > MANY_LINES).map(({ field }) => field);
  const all: readonly (readonly [boolean, Hint['code'], () => string])[] = [
    [
      undecoded.count > 0,
      'unreadable-records',
      () => `${counted(undecoded.count, 'record')} cannot be stored: the load makes rejects of them`,
    ],
    [
      cut || fields.length > MAX_PROFILE_FIELDS,
      'too-many-fields',
      () =>
        `more than ${count(MAX_PROFILE_FIELDS)} fields: PostgreSQL holds no more columns, records with values in the others become rejects`,
    ],
    [
      fields.length > WIDE && !cut,
      'wide',
      () => `${count(fields.length)} fields make wide rows: put what belongs together into objects, which need one column`,
    ],
    [deep.length > 0, 'deep', () => `nested deeper than ${DEEP}: ${named(deep)}; such values are kept as jsonb and are slow to search`],
    [
      bytes.largest > HUGE_BYTES,
      'huge-record',
      () => `the largest record has ${count(bytes.largest)} bytes; a load holds a whole record in memory`,
    ],
    [records > MANY_RECORDS, 'many-records', () => `${count(records)} records: index the columns you search by, beside the key`],
    [long.length > 0, 'many-line-items', () => `more than ${count(MANY_LINES)} line items in one record: ${named(long)}`],
    [mixed.length > 0, 'mixed-types', () => `values of different types make a text column: ${named(mixed)}`],
    [
      'definition' in inferred && inferred.definition.cursor === null && records > 0,
      'no-cursor',
      () => 'no field says when a record last changed: of two versions the one read last wins',
    ],
  ];
  return all.flatMap(([applies, code, message]) => (applies ? [{ code, message: message() }] : []));
}

/** Texts beside numbers, truth values, days or times: all of them become text. */
function isMixed({ seen }: EntityAnalysis['fields'][number]): boolean {
  const { boolean = 0, bigint = 0, numeric = 0, date = 0, timestamptz = 0, text = 0, datetime = 0 } = seen;
  return [boolean, bigint + numeric, date, timestamptz, text + datetime].filter((kind) => kind > 0).length > 1;
}

function named(fields: readonly string[]): string {
  const more = fields.length - MAX_NAMED;
  return `${fields.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`;
}
