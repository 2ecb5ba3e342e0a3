import { count } from '../../domain/counted';
import type { EntityAnalysis, FieldAnalysis } from './entity-analysis';
import { keyNameRank, NO_KEY_NAME, plainName } from './key-name';

/** A field that could be the key, and what speaks for and against it. */
export interface KeyCandidate {
  readonly field: string;
  /** Records that have a text or number there. */
  readonly records: number;
  /** `null`: not known. */
  readonly unique: boolean | null;
}

export interface KeyChoice {
  readonly field: string;
  readonly why: string;
}

const MAX_CANDIDATES = 5;
/** Longer texts are no keys: the index holds no more. */
const MAX_KEY_LENGTH = 256;
const PLAIN_IDS = ['id', 'uuid', 'guid', 'key'];

/** The key of records nobody declared: `<singular>_id`, else `id`, `uuid`, `guid` or `key`, else what every record has of its own. */
export function chooseKey(entity: string, analysis: EntityAnalysis): KeyChoice | null {
  const { objects, fields } = analysis;
  const usable = fields.filter((field) => withValue(field) * 2 > objects && !isFraction(field));
  for (const name of [...singularsOf(entity).map((singular) => `${singular}id`), ...PLAIN_IDS]) {
    const [field] = usable.filter((candidate) => plainName(candidate.name) === name);
    if (field !== undefined) return { field: field.name, why: `key ${field.name}: by its name${doubtOf(field, objects)}` };
  }
  const [best] = objects === 0 ? [] : fields.filter((field) => isOwn(field, objects)).sort(byLikelihood);
  if (best === undefined) return null;
  return { field: best.name, why: `key ${best.name}: each of the ${count(objects)} records has one of its own` };
}

/** Fields that a person may want as the key, the likeliest first. */
export function keyCandidates(entity: string, analysis: EntityAnalysis): KeyCandidate[] {
  const chosen = chooseKey(entity, analysis)?.field;
  return analysis.fields
    .filter((field) => withValue(field) > 0 && (keyNameRank(field.name) < NO_KEY_NAME || field.unique === true || field.name === chosen))
    .sort(
      (a, b) =>
        Number(b.name === chosen) - Number(a.name === chosen) ||
        Number(b.unique === true) - Number(a.unique === true) ||
        byLikelihood(a, b),
    )
    .slice(0, MAX_CANDIDATES)
    .map((field) => ({ field: field.name, records: withValue(field), unique: field.unique }));
}

function withValue({ seen, present }: FieldAnalysis): number {
  const { null: nulls = 0, empty = 0, boolean: booleans = 0, object = 0, array = 0 } = seen;
  return present - nulls - empty - booleans - object - array;
}

function isFraction({ scale }: FieldAnalysis): boolean {
  return scale > 0;
}

/** Every record has a value of its own, and the values look like a key's: no day, no time, no fraction, no prose. */
function isOwn(field: FieldAnalysis, objects: number): boolean {
  if (field.unique !== true || field.present !== objects || isFraction(field) || field.times !== null) return false;
  if (field.lengths !== null && field.lengths.most > MAX_KEY_LENGTH) return false;
  // Of one record everything is unique: only the name can tell.
  return objects > 1 || keyNameRank(field.name) < NO_KEY_NAME;
}

/** By name; then texts before numbers, which are often amounts; then by alphabet. */
function byLikelihood(a: FieldAnalysis, b: FieldAnalysis): number {
  return (
    keyNameRank(a.name) - keyNameRank(b.name) ||
    Number(a.numbers !== null) - Number(b.numbers !== null) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

/** What should be known of a key that was chosen by its name. */
function doubtOf(field: FieldAnalysis, objects: number): string {
  const without = objects - withValue(field);
  if (without > 0) return `; records without one, which become rejects: ${count(without)}`;
  return field.unique === false ? '; it comes more than once, the newest record of a key wins' : '';
}

/** Forms that the singular of an entity's name may have, without signs: `categories` → `category`. */
function singularsOf(entity: string): string[] {
  const name = plainName(entity);
  const forms = [
    ...(name.endsWith('ies') ? [`${name.slice(0, -3)}y`] : []),
    ...(name.endsWith('s') ? [name.slice(0, -1)] : []),
    ...(name.endsWith('es') ? [name.slice(0, -2)] : []),
  ];
  return [...forms, name];
}
