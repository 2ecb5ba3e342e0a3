import { refused } from './errors';
import { microsOf } from './instants';

/** The body of a request, or an object inside it, whose fields are read one by one; every mistake is refused with Square's code for it. */
export class Fields {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  /** Refuses what nobody knows: a filter at the wrong place must not be ignored. */
  only(...known: readonly string[]): this {
    const stranger = Object.keys(this.values).find((key) => !known.includes(key));
    if (stranger !== undefined)
      throw refused('UNKNOWN_BODY_PARAMETER', `The field named '${stranger}' is unrecognized.`, this.#name(stranger));
    return this;
  }

  object(key: string): Fields | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw refused('EXPECTED_OBJECT', 'Expected an object.', this.#name(key));
    return new Fields(value as Record<string, unknown>, `${this.#name(key)}.`);
  }

  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value !== undefined && typeof value !== 'string') throw refused('EXPECTED_STRING', 'Expected a string value.', this.#name(key));
    return value;
  }

  flag(key: string): boolean {
    const value = this.#value(key);
    if (value !== undefined && typeof value !== 'boolean') throw refused('EXPECTED_BOOLEAN', 'Expected a boolean.', this.#name(key));
    return value === true;
  }

  integer(key: string): number | undefined {
    const value = this.#value(key);
    if (value !== undefined && !Number.isInteger(value)) throw refused('EXPECTED_INTEGER', 'Expected an integer value.', this.#name(key));
    return value as number | undefined;
  }

  /** A whole number between two bounds. */
  limit(otherwise: number, most: number): number {
    const value = this.integer('limit') ?? otherwise;
    if (value < 1) throw refused('VALUE_TOO_LOW', 'Must be greater than or equal to 1.', this.#name('limit'));
    if (value > most) throw refused('VALUE_TOO_HIGH', `Must be less than or equal to ${most}.`, this.#name('limit'));
    return value;
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw refused('EXPECTED_ARRAY', 'Expected an array.', this.#name(key));
    const texts = value.filter((each): each is string => typeof each === 'string');
    if (texts.length < value.length) throw refused('EXPECTED_STRING', 'Expected a string value.', `${this.#name(key)}[]`);
    return texts;
  }

  instant(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const micros = microsOf(value);
    if (micros === undefined) throw refused('INVALID_TIME', `Invalid RFC 3339 timestamp: ${value}`, this.#name(key));
    return micros;
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** Null is as good as not there. */
  #value(key: string): unknown {
    return Object.hasOwn(this.values, key) ? (this.values[key] ?? undefined) : undefined;
  }

  #name(key: string): string {
    return this.path + key;
  }
}
