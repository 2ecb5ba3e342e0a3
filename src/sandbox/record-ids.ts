import { mix } from './random';

const PREFIX_DIGITS = [5, 7, 8, 9] as const;
const STRIDE = 7;

function prefix(seed: number, kind: number): string {
  const digits = PREFIX_DIGITS[kind] as number;
  const head = 1 + (mix(seed, 90, kind, 1) % 8);
  const rest = mix(seed, 90, kind, 2) % 10 ** (digits - 1);
  return `${head}${String(rest).padStart(digits - 1, '0')}`;
}

/**
 * Ids of one kind of thing: texts of 15, 17, 18 or 19 digits (three of four beyond 2^53), computed from the index and back,
 * so a detail call finds its record without any table of ids. Their order as text or number is not the order of creation.
 */
export class RecordIds {
  readonly #prefixes: readonly string[];
  readonly #offset: number;

  constructor(
    seed: number,
    private readonly family: number,
  ) {
    this.#prefixes = PREFIX_DIGITS.map((_, kind) => prefix(seed, kind));
    this.#offset = mix(seed, 91, family, 0) % 90_000;
  }

  encode(index: number): string {
    return `${this.#prefixes[index % 4] as string}${this.family}${String(index * STRIDE + this.#offset).padStart(9, '0')}`;
  }

  /** The index that `encode` gave this id, undefined for an id that was never given. */
  decode(id: string): number | undefined {
    const split = id.length - 10;
    const kind = PREFIX_DIGITS.indexOf(split as 5);
    if (kind < 0 || !/^\d+$/.test(id) || id.slice(0, split) !== this.#prefixes[kind] || id[split] !== String(this.family)) return undefined;
    const index = (Number(id.slice(split + 1)) - this.#offset) / STRIDE;
    return Number.isInteger(index) && index >= 0 && index % 4 === kind ? index : undefined;
  }
}
