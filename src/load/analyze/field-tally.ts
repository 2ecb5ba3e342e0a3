import { formatInstant, parseInstant } from '../../domain/instant';
import type { JsonValue } from '../../json/decode';
import { numberText, type ExactNumber } from '../../json/number-text';
import { classify, VALUE_CLASSES, type ValueClass } from '../../json/profile';
import { scalarText } from '../../json/scalar-text';
import type { FieldAnalysis, Span } from './entity-analysis';
import { masked } from './mask';
import { shapeOf } from './nesting';
import { compareNumbers } from './number-order';
import type { Uniqueness } from './uniqueness';

const MAX_EXAMPLES = 3;
/** Values among which examples are looked for: masking every value of a field whose values all look alike would take longer than the rest. */
const EXAMPLES_AMONG = 100;

interface Time {
  readonly micros: bigint;
  readonly dateOnly: boolean;
}

/** Adds up what one field holds; its size does not follow the number of values. */
export class FieldTally {
  private readonly seen: Partial<Record<ValueClass, number>> = {};
  private present = 0;
  private scale = 0;
  private numbers: { least: ExactNumber; greatest: ExactNumber } | null = null;
  private times: { least: Time; greatest: Time } | null = null;
  private lengths: { least: number; most: number } | null = null;
  private depth = 0;
  private readonly inside = new Set<ValueClass>();
  private readonly examples: string[] = [];

  /** `uniqueness: null`: it is not asked for. */
  constructor(
    private readonly name: string,
    private readonly uniqueness: Uniqueness | null,
  ) {}

  /** `place`: how many owners of the field there are so far, the one with this value included. */
  add(value: JsonValue, place: number): void {
    const { kind, scale } = classify(value);
    this.seen[kind] = (this.seen[kind] ?? 0) + 1;
    this.present++;
    if (scale > this.scale) this.scale = scale;
    if (typeof value === 'string') this.addText(value, kind);
    else if (kind === 'bigint' || kind === 'numeric') this.addNumber(value as ExactNumber);
    else if (kind === 'array' || kind === 'object') this.addNested(value);
    if (this.uniqueness?.open === true) this.addToUnique(value, place);
  }

  result(owners: number): FieldAnalysis {
    const { name, scale, present, lengths, depth } = this;
    return {
      name,
      seen: Object.fromEntries(VALUE_CLASSES.flatMap((kind) => (this.seen[kind] === undefined ? [] : [[kind, this.seen[kind]]]))),
      scale,
      present,
      numbers: this.numbers === null ? null : { least: numberText(this.numbers.least), greatest: numberText(this.numbers.greatest) },
      times: this.timeSpan(),
      lengths: lengths === null ? null : { ...lengths },
      depth,
      inside: VALUE_CLASSES.filter((kind) => this.inside.has(kind)),
      examples: [...this.examples],
      unique: this.uniqueness === null ? null : this.isInEvery(owners) && this.uniqueness.result(),
    };
  }

  /** Its hashes are given back when too many other fields come before it. */
  drop(): void {
    this.uniqueness?.end(null);
  }

  /** Whether it held nothing but arrays of objects, nulls and empty texts. */
  isLineItems(): boolean {
    const others = VALUE_CLASSES.some((kind) => !['null', 'empty', 'array'].includes(kind) && this.seen[kind] !== undefined);
    return !others && this.inside.size === 1 && this.inside.has('object');
  }

  /** A text or a number in every record. */
  private isInEvery(owners: number): boolean {
    const { null: nulls, empty, boolean: truths, object, array } = this.seen;
    return this.present === owners && [nulls, empty, truths, object, array].every((others) => others === undefined);
  }

  private addText(text: string, kind: ValueClass): void {
    if (text === '') return;
    const length = charactersIn(text);
    if (this.lengths === null) this.lengths = { least: length, most: length };
    else if (length < this.lengths.least) this.lengths.least = length;
    else if (length > this.lengths.most) this.lengths.most = length;
    if (kind !== 'text') this.addTime(text);
    if (this.wantsExample()) this.addExample(text);
  }

  private addTime(text: string): void {
    const instant = parseInstant(text);
    if (instant === null) return;
    const time = { micros: instant.micros, dateOnly: instant.dateOnly };
    if (this.times === null) this.times = { least: time, greatest: time };
    else if (isBefore(time, this.times.least)) this.times.least = time;
    else if (isBefore(this.times.greatest, time)) this.times.greatest = time;
  }

  private addNumber(value: ExactNumber): void {
    if (this.numbers === null) this.numbers = { least: value, greatest: value };
    else if (compareNumbers(value, this.numbers.least) < 0) this.numbers.least = value;
    else if (compareNumbers(value, this.numbers.greatest) > 0) this.numbers.greatest = value;
    if (this.wantsExample()) this.addExample(numberText(value));
  }

  private addNested(value: JsonValue): void {
    const { depth, inside } = shapeOf(value);
    if (depth > this.depth) this.depth = depth;
    for (const kind of inside) this.inside.add(kind);
  }

  private wantsExample(): boolean {
    return this.examples.length < MAX_EXAMPLES && this.present <= EXAMPLES_AMONG;
  }

  private addExample(text: string): void {
    const example = masked(text);
    if (!this.examples.includes(example)) this.examples.push(example);
  }

  private addToUnique(value: JsonValue, place: number): void {
    const text = scalarText(value);
    if (text === null || this.present < place) this.uniqueness?.end(false);
    else this.uniqueness?.add(text);
  }

  private timeSpan(): Span | null {
    return this.times === null ? null : { least: textOf(this.times.least), greatest: textOf(this.times.greatest) };
  }
}

/** A day and its first instant are one moment with two texts: the day counts as earlier, whichever came first. */
function isBefore(a: Time, b: Time): boolean {
  return a.micros === b.micros ? a.dateOnly && !b.dateOnly : a.micros < b.micros;
}

function textOf({ micros, dateOnly }: Time): string {
  const text = formatInstant(micros);
  return dateOnly ? text.slice(0, 10) : text;
}

/** As PostgreSQL counts: a surrogate pair is one character. */
function charactersIn(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800) pairs++;
  }
  return text.length - pairs;
}
