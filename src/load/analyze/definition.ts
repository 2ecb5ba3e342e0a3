import { count } from '../../domain/counted';
import type { CursorField } from '../../sources/source';
import type { LoadDefinition } from '../load-definition';
import type { EntityAnalysis, FieldAnalysis, LineItemAnalysis } from './entity-analysis';
import { chooseKey, keyCandidates, type KeyCandidate } from './key-choice';
import { plainName } from './key-name';
import { knownEntity, knownTypes, type KnownEntity } from './known-entities';

/** How an entity that nobody declared is loaded, with a reason for each choice; or why it cannot be. */
export type InferredDefinition =
  | { readonly definition: LoadDefinition; readonly why: readonly string[] }
  | { readonly problem: string; readonly candidates: readonly KeyCandidate[] };

const SETTLE_MS = 60_000;

/** Fields that tell when a record last changed, the surest first. */
const CURSORS = [
  'last_modified_time',
  'last_modified_at',
  'last_modified_date',
  'last_modified',
  'updated_at',
  'updated_time',
  'modified_at',
  'modified_time',
  'modified',
  'last_updated_at',
  'last_updated_time',
  'last_updated',
  'updated',
  'date_modified',
  'date_updated',
  'changed_at',
  'changed',
  'timestamp',
].map(plainName);

const LINE_ITEMS = ['line_items', 'lines', 'items', 'order_items', 'order_lines', 'invoice_lines', 'positions', 'details', 'entries'].map(
  plainName,
);

/** Labels and values beside the record, in whatever file they stand. */
const NO_LINE_ITEMS: ReadonlySet<string> = new Set(['custom_fields', 'tags', 'attachments', 'documents'].map(plainName));

/** Fields that a person named as the key. */
export type NamedKey = LoadDefinition['key'];

/**
 * Definition of an entity by its name and by what its records hold; `named` is the key that a person gave, which is not doubted.
 * Pure: the same analysis gives the same answer.
 */
export function definitionOf(entity: string, analysis: EntityAnalysis, named?: NamedKey): InferredDefinition {
  const known = knownEntity(entity);
  const namedKey = named === undefined ? null : { fields: named, why: `key ${named.join(', ')}: named by you` };
  if (known !== undefined && (analysis.objects === 0 || analysis.fields.some(({ name }) => name === known.key))) {
    const own = { fields: [known.key] as const, why: `key ${known.key}: ${entity} is an entity of Zoho Books, and this is its key there` };
    return knownDefinition(known, namedKey ?? own, analysis);
  }
  if (namedKey === null && analysis.objects === 0) return { problem: `${entity} has no record that could tell its key`, candidates: [] };
  const key = namedKey ?? chosenKey(entity, analysis);
  if (key === null) {
    return {
      problem: `${entity} has no key: no field has a value of its own in each of the ${count(analysis.objects)} records`,
      candidates: keyCandidates(entity, analysis),
    };
  }
  const [cursor, lines] = [cursorOf(analysis), lineItemsOf(analysis)];
  return {
    definition: {
      ...plain,
      key: key.fields,
      cursor: cursor === undefined ? null : instantCursor(cursor.name),
      lineItems: lines === undefined ? null : { field: lines.field },
    },
    why: [key.why, cursorWords(cursor), lineWords(lines, analysis)],
  };
}

interface Key {
  readonly fields: NamedKey;
  readonly why: string;
}

function chosenKey(entity: string, analysis: EntityAnalysis): Key | null {
  const choice = chooseKey(entity, analysis);
  return choice === null ? null : { fields: [choice.field], why: choice.why };
}

const plain = { version: null, volatile: [], emptyIsNull: false, columns: {}, lineItemColumns: {}, settleMs: SETTLE_MS } as const;

function knownDefinition({ cursor, lineItems }: KnownEntity, key: Key, analysis: EntityAnalysis): InferredDefinition {
  const lines = analysis.lineItems.find(({ field }) => field === lineItems);
  return {
    definition: {
      ...plain,
      key: key.fields,
      cursor: cursor === null ? null : instantCursor(cursor),
      lineItems: lineItems === null ? null : { field: lineItems },
      emptyIsNull: true,
      columns: knownTypes(analysis.fields),
      lineItemColumns: knownTypes(lines?.fields ?? []),
    },
    why: [
      key.why,
      cursor === null ? 'no cursor: Zoho Books tells none' : `cursor ${cursor}: Zoho Books’ own`,
      lineItems === null ? 'no line items: Zoho Books has none' : `line items ${lineItems}: Zoho Books’ own`,
      'an empty text is no value in columns that are not text: so Zoho Books sends it',
    ],
  };
}

function instantCursor(field: string): CursorField {
  return { field, kind: 'instant', precision: 'second', boundary: 'exclusive' };
}

function cursorOf({ fields }: EntityAnalysis): FieldAnalysis | undefined {
  for (const name of CURSORS) {
    const field = fields.find((candidate) => plainName(candidate.name) === name && holdsOnlyTimes(candidate));
    if (field !== undefined) return field;
  }
  return undefined;
}

function holdsOnlyTimes({ seen, present }: FieldAnalysis): boolean {
  const { null: nulls = 0, empty = 0, date = 0, datetime = 0, timestamptz = 0 } = seen;
  const times = date + datetime + timestamptz;
  return times > 0 && times + nulls + empty === present;
}

function lineItemsOf({ lineItems }: EntityAnalysis): LineItemAnalysis | undefined {
  const pure = lineItems.filter((candidate) => candidate.pure && !NO_LINE_ITEMS.has(plainName(candidate.field)));
  for (const name of LINE_ITEMS) {
    const named = pure.find(({ field }) => plainName(field) === name);
    if (named !== undefined) return named;
  }
  return pure.length === 1 ? pure[0] : undefined;
}

function cursorWords(cursor: FieldAnalysis | undefined): string {
  if (cursor === undefined) return 'no cursor: no field says when a record last changed, so the one read last wins';
  return `cursor ${cursor.name}: by its name, and every value is a time`;
}

function lineWords(chosen: LineItemAnalysis | undefined, { lineItems }: EntityAnalysis): string {
  if (chosen !== undefined) {
    const named = LINE_ITEMS.includes(plainName(chosen.field));
    return `line items ${chosen.field}: ${named ? 'by its name' : 'the only array of objects'}`;
  }
  const others = lineItems.map(({ field }) => field);
  if (others.length === 0) return 'no line items: no array of objects';
  return `no line items: none of the arrays of objects is surely theirs (${others.slice(0, MAX_NAMED).join(', ')})`;
}

const MAX_NAMED = 5;
