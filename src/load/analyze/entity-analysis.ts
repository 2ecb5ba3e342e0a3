import { MAX_PROFILE_FIELDS, type FieldProfile, type Profile, type ValueClass } from '../../json/profile';
import type { UndecodedProblem } from './undecoded';

/** Least and greatest, as exact text. */
export interface Span {
  readonly least: string;
  readonly greatest: string;
}

/** What one field held. Plain JSON; no value of a record stands in it but numbers, days and instants at its ends. */
export interface FieldAnalysis extends FieldProfile {
  /** Records that have the field, `null` included. */
  readonly present: number;
  readonly numbers: Span | null;
  /** Days, and instants in UTC. */
  readonly times: Span | null;
  /** Characters of texts that are not empty. */
  readonly lengths: { readonly least: number; readonly most: number } | null;
  /** 0: only scalars; 1: an array or object of scalars; and so on. */
  readonly depth: number;
  /** Classes of the values directly in its arrays and objects. */
  readonly inside: readonly ValueClass[];
  /** At most three, letters as `x` and digits as `9`. The only part that depends on the order of the records. */
  readonly examples: readonly string[];
  /** Whether every record has a text or number of its own here; `null`: not known, too many values to remember. */
  readonly unique: boolean | null;
}

/** A field that held arrays with objects in them. */
export interface LineItemAnalysis {
  readonly field: string;
  /** Records whose array holds an object. */
  readonly records: number;
  readonly items: number;
  /** Most items of one record. */
  readonly most: number;
  /** The field held nothing but arrays of objects, `null` and empty texts. */
  readonly pure: boolean;
  /** `present` counts items; `unique` is not looked at. */
  readonly fields: readonly FieldAnalysis[];
  readonly cut: boolean;
}

/** What the records of one entity hold. Plain JSON, of a size that does not follow the number of records. */
export interface EntityAnalysis {
  /** All that were given. */
  readonly records: number;
  /** Those that are JSON objects; the rest is in `undecoded`. */
  readonly objects: number;
  readonly bytes: { readonly total: number; readonly largest: number };
  readonly undecoded: {
    readonly count: number;
    readonly problems: readonly { readonly problem: UndecodedProblem; readonly records: number }[];
    /** The first few, by their place among the records (from 1). */
    readonly first: readonly { readonly record: number; readonly problem: UndecodedProblem }[];
  };
  /** By name. */
  readonly fields: readonly FieldAnalysis[];
  readonly lineItems: readonly LineItemAnalysis[];
  /** There were more fields than are kept: those last by name are missing. */
  readonly cut: boolean;
}

/** The profile that the loader plans its tables from, as `profileRecords` would have collected it. */
export function profileOf(analysis: EntityAnalysis, lineItemsField: string | null): Profile {
  const fields = analysis.fields.filter(({ name }) => name !== lineItemsField);
  const lines = analysis.lineItems.find(({ field }) => field === lineItemsField);
  const lineFields = lines?.fields ?? [];
  const [tooMany, tooManyOfLines] = [
    analysis.cut || fields.length > MAX_PROFILE_FIELDS,
    lines?.cut === true || lineFields.length > MAX_PROFILE_FIELDS,
  ];
  return {
    records: analysis.records,
    fields: fields.slice(0, MAX_PROFILE_FIELDS).map(profileOfField),
    lines: lines?.items ?? 0,
    lineFields: lineFields.slice(0, MAX_PROFILE_FIELDS).map(profileOfField),
    cut: tooMany || tooManyOfLines,
  };
}

function profileOfField({ name, seen, scale }: FieldAnalysis): FieldProfile {
  return { name, seen, scale };
}
