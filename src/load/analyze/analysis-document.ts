import { MAX_PROFILE_FIELDS } from '../../json/profile';
import type { SchemaPolicy } from '../load-policy';
import type { EntityAnalysis, FieldAnalysis } from './entity-analysis';
import type { InferredDefinition } from './definition';
import { hintsFor, type Hint } from './hints';
import { keyCandidates, type KeyCandidate } from './key-choice';
import type { SchemaDifference, TableDifference } from './schema-difference';
import { PROBLEM_WORDS } from './undecoded';

export interface BadFile {
  readonly file: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A field as people and programs read it. */
export interface FieldDocument {
  readonly name: string;
  readonly types: Readonly<Record<string, number>>;
  readonly present: number;
  /** Share of the records without a value: the field absent, or `null`. */
  readonly null_share: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly min_length: number | null;
  readonly max_length: number | null;
  readonly nesting: { readonly depth: number; readonly holds: readonly string[] } | null;
  readonly examples: readonly string[];
  /** `null`: not known. */
  readonly unique: boolean | null;
}

/** All that `analyze` says of one entity. */
export interface EntityDocument {
  readonly entity: string;
  /** Whose tables its records go into. */
  readonly pipeline: string;
  readonly files: readonly string[];
  /** What of them was readable is counted all the same. */
  readonly bad_files: readonly BadFile[];
  readonly records: number;
  readonly bytes: number;
  readonly largest_record_bytes: number;
  readonly unreadable: {
    readonly records: number;
    readonly problems: readonly { readonly problem: string; readonly meaning: string; readonly records: number }[];
    readonly first: readonly { readonly record: number; readonly problem: string }[];
  };
  readonly fields: readonly FieldDocument[];
  readonly fields_cut: boolean;
  readonly line_items: readonly {
    readonly field: string;
    readonly records: number;
    readonly items: number;
    readonly most_in_a_record: number;
    readonly only_objects: boolean;
    readonly fields: readonly FieldDocument[];
  }[];
  readonly key_candidates: readonly KeyCandidate[];
  readonly date_columns: readonly string[];
  /** `null` where no key could be found; `problem` says why. */
  readonly definition: {
    readonly key: readonly string[];
    readonly cursor: string | null;
    readonly line_items: string | null;
    readonly empty_is_null: boolean;
  } | null;
  readonly why: readonly string[];
  readonly problem: string | null;
  readonly schema_changes_required: boolean;
  /** What a load does where they are required. */
  readonly schema_policy: SchemaPolicy;
  readonly tables: readonly TableDifference[];
  readonly tables_problem: SchemaDifference['problem'];
  readonly hints: readonly Hint[];
}

interface Analyzed {
  readonly entity: string;
  readonly pipeline: string;
  readonly schemaPolicy: SchemaPolicy;
  readonly files: readonly string[];
  readonly analysis: EntityAnalysis;
  readonly inferred: InferredDefinition;
  /** `null` where nobody knows which tables it would need. */
  readonly difference: SchemaDifference | null;
  readonly badFiles: readonly BadFile[];
}

export function entityDocument(analyzed: Analyzed): EntityDocument {
  const { entity, pipeline, files, analysis, inferred, difference, badFiles } = analyzed;
  const { records, objects, bytes, undecoded, fields, lineItems, cut } = analysis;
  return {
    entity,
    pipeline,
    files,
    bad_files: badFiles,
    records,
    bytes: bytes.total,
    largest_record_bytes: bytes.largest,
    unreadable: {
      records: undecoded.count,
      problems: undecoded.problems.map(({ problem, records: n }) => ({ problem, meaning: PROBLEM_WORDS[problem], records: n })),
      first: undecoded.first,
    },
    fields: fields.map((field) => fieldDocument(field, objects)),
    fields_cut: cut || fields.length > MAX_PROFILE_FIELDS,
    line_items: lineItems.map(({ field, records: n, items, most, pure, fields: own }) => ({
      field,
      records: n,
      items,
      most_in_a_record: most,
      only_objects: pure,
      fields: own.map((line) => fieldDocument(line, items)),
    })),
    key_candidates: keyCandidates(entity, analysis),
    date_columns: fields.filter(({ times }) => times !== null).map(({ name }) => name),
    definition: 'definition' in inferred ? definitionDocument(inferred.definition) : null,
    why: 'definition' in inferred ? inferred.why : [],
    problem: 'problem' in inferred ? inferred.problem : null,
    schema_changes_required: difference?.schema_changes_required ?? false,
    schema_policy: analyzed.schemaPolicy,
    tables: difference?.tables ?? [],
    tables_problem: difference?.problem ?? null,
    hints: hintsFor(analysis, inferred),
  };
}

function definitionDocument({
  key,
  cursor,
  lineItems,
  emptyIsNull,
}: Extract<InferredDefinition, { definition: unknown }>['definition']): NonNullable<EntityDocument['definition']> {
  return { key, cursor: cursor?.field ?? null, line_items: lineItems?.field ?? null, empty_is_null: emptyIsNull };
}

/** `owners`: records, or items, that could have the field. */
function fieldDocument(field: FieldAnalysis, owners: number): FieldDocument {
  const { seen, present, numbers, times, lengths, depth, inside } = field;
  const without = owners - present + (seen.null ?? 0);
  const span = numbers ?? times;
  return {
    name: field.name,
    types: { ...seen },
    present,
    null_share: owners === 0 ? 0 : Math.round((without / owners) * 10_000) / 10_000,
    min: span?.least ?? null,
    max: span?.greatest ?? null,
    min_length: lengths?.least ?? null,
    max_length: lengths?.most ?? null,
    nesting: depth === 0 ? null : { depth, holds: inside },
    examples: field.examples,
    unique: field.unique,
  };
}
