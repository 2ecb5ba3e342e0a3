import { mix } from '../random';

const WIDTH = 8;
const STRIDE = 7;

export const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Ids as Square writes them: letters and digits that say nothing, computed from the index and back, so no table of ids is needed.
 * Their order is not the order of creation; those of BASE62 tell upper from lower case.
 */
export class AlnumIds {
  readonly #prefix: string;
  readonly #shifts: readonly number[];
  readonly #offset: number;

  constructor(
    seed: number,
    family: number,
    private readonly alphabet: string,
    length: number,
  ) {
    const draw = (n: number): number => mix(seed, 92, family, n) % alphabet.length;
    this.#prefix = Array.from({ length: length - WIDTH }, (_, n) => alphabet[draw(n)] as string).join('');
    this.#shifts = Array.from({ length: WIDTH }, (_, n) => draw(100 + n));
    this.#offset = mix(seed, 93, family, 0) % 90_000;
  }

  encode(index: number): string {
    const base = this.alphabet.length;
    let rest = index * STRIDE + this.#offset;
    let before = 0;
    let text = this.#prefix;
    for (let place = 0; place < WIDTH; place += 1) {
      // Each letter hangs on the one before, so neighbours differ everywhere.
      before = ((rest % base) + (this.#shifts[place] as number) + before) % base;
      rest = Math.floor(rest / base);
      text += this.alphabet[before] as string;
    }
    return text;
  }

  /** The index that `encode` gave this id, undefined for an id that was never given. */
  decode(id: string): number | undefined {
    if (id.length !== this.#prefix.length + WIDTH || !id.startsWith(this.#prefix)) return undefined;
    const base = this.alphabet.length;
    let [before, value, unit] = [0, 0, 1];
    for (let place = 0; place < WIDTH; place += 1) {
      const letter = this.alphabet.indexOf(id[this.#prefix.length + place] as string);
      if (letter < 0) return undefined;
      value += ((letter - (this.#shifts[place] as number) - before + 2 * base) % base) * unit;
      before = letter;
      unit *= base;
    }
    const index = (value - this.#offset) / STRIDE;
    return Number.isInteger(index) && index >= 0 ? index : undefined;
  }
}
