import { decodeRecord, isJsonObject, type JsonObject, type JsonValue } from '../../json/decode';
import { MAX_PROFILE_FIELDS } from '../../json/profile';
import { BoundedNames } from './bounded-names';
import type { EntityAnalysis, FieldAnalysis, LineItemAnalysis } from './entity-analysis';
import { FieldTally } from './field-tally';
import { looksLikeKey } from './key-name';
import { UndecodedTally } from './undecoded';
import { HashBudget, Uniqueness } from './uniqueness';

/** One more than a profile has: the line items are no field of it. */
const MAX_FIELDS = MAX_PROFILE_FIELDS + 1;
const MAX_LINE_ITEM_FIELDS = 50;
/** Fields with the name of a key that are kept beyond the limit: a record of 5,000 fields has a key too. */
const MAX_SPARE_KEYS = 50;

export interface AnalyzerLimits {
  /** Hashes of values, 16 to 32 bytes each, that may be kept to know which fields are unique. */
  readonly hashes: number;
}

/** Looks at the records of one entity one after the other. Memory is bounded whatever comes; records that are none are counted. */
export class EntityAnalyzer {
  private records = 0;
  private objects = 0;
  private readonly bytes = { total: 0, largest: 0 };
  private readonly undecoded = new UndecodedTally();
  private readonly budget: HashBudget;
  private readonly fields: BoundedNames<FieldTally>;
  /** Those whose names look like a key's. */
  private readonly keys: BoundedNames<FieldTally>;
  private readonly lineItems = new BoundedNames(MAX_LINE_ITEM_FIELDS, () => new LineItemTally());

  constructor({ hashes }: AnalyzerLimits = { hashes: 2_000_000 }) {
    this.budget = new HashBudget(hashes);
    const bounded = (): BoundedNames<FieldTally> =>
      new BoundedNames(
        MAX_FIELDS,
        (name) => new FieldTally(name, new Uniqueness(name, this.budget)),
        (field) => field.drop(),
      );
    [this.fields, this.keys] = [bounded(), bounded()];
  }

  /** The bytes of one record, as they stand in the file. Never throws for what they hold. */
  add(record: Uint8Array): void {
    this.records++;
    this.bytes.total += record.byteLength;
    this.bytes.largest = Math.max(this.bytes.largest, record.byteLength);
    const decoded = decodeRecord(record);
    if (!decoded.ok) return this.undecoded.add(this.records, decoded.problem);
    if (!isJsonObject(decoded.value)) return this.undecoded.add(this.records, 'not-object');
    this.objects++;
    for (const name of Object.keys(decoded.value)) {
      const value = decoded.value[name]!;
      this.tallyOf(name)?.add(value, this.objects);
      if (Array.isArray(value)) this.addArray(name, value as readonly JsonValue[]);
    }
  }

  result(): EntityAnalysis {
    const all = [...this.fields.entries(), ...this.keys.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const spare = all.slice(MAX_FIELDS).filter(([name]) => looksLikeKey(name));
    const fields = [...all.slice(0, MAX_FIELDS), ...spare.slice(0, MAX_SPARE_KEYS)];
    const tallies = new Map(fields);
    const lineItems = this.lineItems.entries().flatMap(([field, tally]) => {
      const whole = tallies.get(field);
      return whole === undefined ? [] : [{ field, ...tally.result(), pure: whole.isLineItems() }];
    });
    return {
      records: this.records,
      objects: this.objects,
      bytes: { ...this.bytes },
      undecoded: this.undecoded.result(),
      fields: fields.map(([, tally]) => tally.result(this.objects)),
      lineItems,
      cut: this.fields.cut || this.keys.cut || all.length > MAX_FIELDS,
    };
  }

  private tallyOf(name: string): FieldTally | undefined {
    return (looksLikeKey(name) ? this.keys : this.fields).of(name);
  }

  private addArray(name: string, values: readonly JsonValue[]): void {
    const items = values.filter(isJsonObject);
    if (items.length > 0) this.lineItems.of(name)?.add(items);
  }
}

/** Adds up the objects in one field's arrays. */
class LineItemTally {
  private records = 0;
  private items = 0;
  private most = 0;
  private readonly fields = new BoundedNames(MAX_PROFILE_FIELDS, (name) => new FieldTally(name, null));

  add(items: readonly JsonObject[]): void {
    this.records++;
    this.most = Math.max(this.most, items.length);
    for (const item of items) {
      this.items++;
      for (const name of Object.keys(item)) this.fields.of(name)?.add(item[name]!, this.items);
    }
  }

  result(): Omit<LineItemAnalysis, 'field' | 'pure'> {
    const { records, items, most } = this;
    const fields: readonly FieldAnalysis[] = this.fields.entries().map(([, tally]) => tally.result(items));
    return { records, items, most, fields, cut: this.fields.cut };
  }
}
