import { mix } from './random';

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function inverseOf(a: number, modulus: number): number {
  let [oldR, r, oldS, s] = [a, modulus, 1, 0];
  while (r !== 0) {
    const quotient = Math.floor(oldR / r);
    [oldR, r] = [r, oldR - quotient * r];
    [oldS, s] = [s, oldS - quotient * s];
  }
  return ((oldS % modulus) + modulus) % modulus;
}

/** A seeded one-to-one shuffle of [0, count) and its inverse, both in constant time and memory; exact up to 90 million. */
export class AffineOrder {
  readonly #multiplier: number;
  readonly #inverse: number;
  readonly #shift: number;

  constructor(
    seed: number,
    stream: number,
    private readonly count: number,
  ) {
    const modulus = Math.max(1, count);
    let multiplier = 1 + ((Math.floor(modulus * 0.38) + (mix(seed, stream, 0, 81) % 97)) % modulus);
    while (greatestCommonDivisor(multiplier, modulus) !== 1) multiplier += 1;
    this.#multiplier = multiplier;
    this.#inverse = inverseOf(multiplier % modulus, modulus);
    this.#shift = mix(seed, stream, 0, 82) % modulus;
  }

  rank(index: number): number {
    return index < this.count ? (index * this.#multiplier + this.#shift) % this.count : index;
  }

  index(rank: number): number {
    return rank < this.count ? (((rank - this.#shift + this.count) % this.count) * this.#inverse) % this.count : rank;
  }
}
