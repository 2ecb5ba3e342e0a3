import { LosslessNumber } from 'lossless-json';
import { decodeRecord, fieldOf, isJsonObject, type JsonObject, type JsonValue } from './decode';
import { numberText, scaleOf } from './number-text';
import { textClass } from './text-class';

/** What a value is, finer than a column type: `datetime` is an instant without an offset, `legacy_date` a day as 4D writes it, `empty` is `""`. */
export const VALUE_CLASSES = [
  'null',
  'empty',
  'boolean',
  'bigint',
  'numeric',
  'date',
  'datetime',
  'timestamptz',
  'legacy_date',
  'text',
  'object',
  'array',
] as const;
export type ValueClass = (typeof VALUE_CLASSES)[number];

/** What one field held: how often each class, and the most digits after a decimal point. */
export interface FieldProfile {
  readonly name: string;
  readonly seen: Readonly<Partial<Record<ValueClass, number>>>;
  readonly scale: number;
}

/** Plain JSON, small: stored with pages and batches. Fields are sorted by name, a list because names from records never become keys. */
export interface Profile {
  readonly records: number;
  readonly fields: readonly FieldProfile[];
  readonly lines: number;
  readonly lineFields: readonly FieldProfile[];
  /** More fields than the cap: those last by name are missing. */
  readonly cut: boolean;
}

/** PostgreSQL allows 1,600 columns; freshet's own need some of them. */
export const MAX_PROFILE_FIELDS = 1500;

/** Names of columns' fields are kept in an index, which holds no longer ones. */
export const MAX_FIELD_BYTES = 1024;

/** Whether a field's name is so long that no column can carry it: its records are rejected. */
export function isNameTooLong(field: string): boolean {
  return 3 * field.length > MAX_FIELD_BYTES && Buffer.byteLength(field) > MAX_FIELD_BYTES;
}

export const EMPTY_PROFILE: Profile = { records: 0, fields: [], lines: 0, lineFields: [], cut: false };

/** Profile of records given by their bytes, or decoded exactly; what cannot be decoded is counted as a record and looked at by the loader. */
export function profileRecords(records: Iterable<Uint8Array | JsonObject>, lineItemsField: string | null): Profile {
  const collector = new ProfileCollector(lineItemsField);
  for (const record of records) {
    if (record instanceof Uint8Array) collector.add(record);
    else collector.addRecord(record);
  }
  return collector.profile();
}

/** Collects a profile record by record. */
export class ProfileCollector {
  private records = 0;
  private lines = 0;
  private readonly fields = new FieldTable();
  private readonly lineFields = new FieldTable();

  constructor(private readonly lineItemsField: string | null) {}

  add(bytes: Uint8Array): void {
    const decoded = decodeRecord(bytes);
    if (decoded.ok && isJsonObject(decoded.value)) this.addRecord(decoded.value);
    else this.records++;
  }

  /** One that is decoded already, exactly. */
  addRecord(record: JsonObject): void {
    this.records++;
    count(this.fields, record, this.lineItemsField);
    const items = this.lineItemsField === null ? undefined : fieldOf(record, this.lineItemsField);
    if (!Array.isArray(items)) return;
    for (const item of items as readonly JsonValue[]) {
      if (!isJsonObject(item)) continue;
      this.lines++;
      count(this.lineFields, item, null);
    }
  }

  profile(): Profile {
    return capped({
      records: this.records,
      lines: this.lines,
      fields: listed(this.fields),
      lineFields: listed(this.lineFields),
      cut: false,
    });
  }
}

/** Adds two profiles. Associative and commutative: pages may be added up in any order. */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  return capped({
    records: a.records + b.records,
    lines: a.lines + b.lines,
    fields: mergeFields(a.fields, b.fields),
    lineFields: mergeFields(a.lineFields, b.lineFields),
    cut: a.cut || b.cut,
  });
}

interface MutableField {
  readonly name: string;
  readonly seen: Record<ValueClass, number>;
  scale: number;
}

const NONE_SEEN = Object.fromEntries(VALUE_CLASSES.map((kind) => [kind, 0])) as Record<ValueClass, number>;

/** Fields in the order in which they came. Most records have theirs in the order of those before, so the next one is mostly the one meant. */
class FieldTable {
  readonly fields: MutableField[] = [];
  private readonly places = new Map<string, number>();

  /** Where a field stands; `next`: where it is expected. */
  placeOf(name: string, next: number): number {
    if (this.fields[next]?.name === name) return next;
    const known = this.places.get(name);
    if (known !== undefined) return known;
    this.places.set(name, this.fields.length);
    return this.fields.push({ name, seen: { ...NONE_SEEN }, scale: 0 }) - 1;
  }
}

function count(table: FieldTable, record: JsonObject, leaveOut: string | null): void {
  let next = 0;
  for (const name of Object.keys(record)) {
    if (name === leaveOut || isNameTooLong(name)) continue;
    const place = table.placeOf(name, next);
    next = place + 1;
    const field = table.fields[place]!;
    const { kind, scale } = classify(record[name]!);
    field.seen[kind]++;
    if (scale > field.scale) field.scale = scale;
  }
}

const INT8_MAX = 9223372036854775807n;
const INT8_MIN = -9223372036854775808n;

/** Whether a normalised number text is a whole number that a bigint column holds. */
export function isInt8(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  return text.length < 19 || (BigInt(text) >= INT8_MIN && BigInt(text) <= INT8_MAX);
}

interface Classified {
  readonly kind: ValueClass;
  readonly scale: number;
}

/** Made once: millions of values are classified. */
const WITHOUT_SCALE = Object.fromEntries(VALUE_CLASSES.map((kind) => [kind, { kind, scale: 0 }])) as Record<ValueClass, Classified>;

/** The class of a value, and of numbers the digits after the point. */
export function classify(value: JsonValue): Classified {
  if (value === null) return WITHOUT_SCALE.null;
  if (typeof value === 'boolean') return WITHOUT_SCALE.boolean;
  if (typeof value === 'string') return WITHOUT_SCALE[value === '' ? 'empty' : textClass(value)];
  // A double stands only for at most 15 digits (see decode.ts).
  if (typeof value === 'number' && Number.isInteger(value)) return WITHOUT_SCALE.bigint;
  if (typeof value === 'number' || value instanceof LosslessNumber) {
    const text = numberText(value);
    return isInt8(text) ? WITHOUT_SCALE.bigint : { kind: 'numeric', scale: scaleOf(text) };
  }
  return WITHOUT_SCALE[Array.isArray(value) ? 'array' : 'object'];
}

function listed({ fields }: FieldTable): FieldProfile[] {
  return fields.map(({ name, seen, scale }) => ({ name, seen: ordered(seen), scale }));
}

function mergeFields(a: readonly FieldProfile[], b: readonly FieldProfile[]): FieldProfile[] {
  const byName = new Map(a.map((field) => [field.name, field]));
  for (const field of b) {
    const other = byName.get(field.name);
    byName.set(field.name, other === undefined ? field : addFields(other, field));
  }
  return [...byName.values()];
}

function addFields(a: FieldProfile, b: FieldProfile): FieldProfile {
  const seen: Partial<Record<ValueClass, number>> = {};
  for (const kind of VALUE_CLASSES) seen[kind] = (a.seen[kind] ?? 0) + (b.seen[kind] ?? 0);
  return { name: a.name, seen: ordered(seen), scale: Math.max(a.scale, b.scale) };
}

/** Zero counts left out and one order of keys: equal profiles are equal texts. */
function ordered(seen: Partial<Record<ValueClass, number>>): Partial<Record<ValueClass, number>> {
  return Object.fromEntries(VALUE_CLASSES.flatMap((kind) => ((seen[kind] ?? 0) > 0 ? [[kind, seen[kind]]] : [])));
}

/** The first fields by name are kept: of any union the same ones survive, in whatever order profiles are added. */
function capped(profile: Profile): Profile {
  const [fields, lineFields] = [byName(profile.fields), byName(profile.lineFields)];
  const cut = profile.cut || fields.length > MAX_PROFILE_FIELDS || lineFields.length > MAX_PROFILE_FIELDS;
  return { ...profile, fields: fields.slice(0, MAX_PROFILE_FIELDS), lineFields: lineFields.slice(0, MAX_PROFILE_FIELDS), cut };
}

function byName(fields: readonly FieldProfile[]): FieldProfile[] {
  return [...fields].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
