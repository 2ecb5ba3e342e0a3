/** XXH64's five primes. */
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;
const P1_LOW = 0x85ebca87 | 0;
const P1_HIGH = 0x9e3779b1 | 0;
const P2_LOW = 0x27d4eb4f | 0;
const P2_HIGH = 0xc2b2ae3d | 0;
const STRIPE = 32;
const { imul } = Math;

/**
 * XXH64, the checksum at the end of a frame of Zstandard; the library that unpacks does not look at it. 64-bit words are kept as two halves:
 * bigint is too slow for every byte of a file.
 */
export class Checksum {
  /** Low and high half of each of four lanes. */
  private readonly lanes = new Int32Array(
    [P1 + P2, P2, 0n, -P1].flatMap((lane) => [Number(lane & 0xffffffffn), Number((lane >> 32n) & 0xffffffffn)]),
  );
  private rest: Buffer = Buffer.alloc(0);
  private length = 0n;

  add(part: Buffer): void {
    this.length += BigInt(part.length);
    const bytes = this.rest.length === 0 ? part : Buffer.concat([this.rest, part]);
    let at = 0;
    for (; at + STRIPE <= bytes.length; at += STRIPE) {
      for (let lane = 0; lane < 4; lane++) addWord(this.lanes, 2 * lane, word(bytes, at + 8 * lane), word(bytes, at + 8 * lane + 4));
    }
    this.rest = Buffer.from(bytes.subarray(at));
  }

  /** The lower half of the hash, which is what a frame carries. */
  low(): number {
    let hash = mask((this.length < BigInt(STRIPE) ? P5 : this.merged()) + this.length);
    let at = 0;
    for (; at + 8 <= this.rest.length; at += 8) hash = mask(rotated(hash ^ round(this.rest.readBigUInt64LE(at)), 27n) * P1 + P4);
    if (at + 4 <= this.rest.length) {
      hash = mask(rotated(hash ^ mask(BigInt(this.rest.readUInt32LE(at)) * P1), 23n) * P2 + P3);
      at += 4;
    }
    for (; at < this.rest.length; at++) hash = mask(rotated(hash ^ mask(BigInt(this.rest[at]!) * P5), 11n) * P1);
    hash = mask((hash ^ (hash >> 33n)) * P2);
    hash = mask((hash ^ (hash >> 29n)) * P3);
    return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
  }

  private merged(): bigint {
    const lanes = [0, 2, 4, 6].map((at) => (BigInt(this.lanes[at + 1]! >>> 0) << 32n) | BigInt(this.lanes[at]! >>> 0));
    const turns = [1n, 7n, 12n, 18n];
    const sum = mask(lanes.reduce((total, lane, place) => total + rotated(lane, turns[place]!), 0n));
    return lanes.reduce((hash, lane) => mask((hash ^ round(lane)) * P1 + P4), sum);
  }
}

const mask = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotated = (value: bigint, bits: bigint): bigint => mask(value << bits) | (value >> (64n - bits));
const round = (input: bigint): bigint => mask(rotated(mask(input * P2), 31n) * P1);

function word(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The same round on halves: lane + input × P2, turned by 31 bits, × P1. */
function addWord(lanes: Int32Array, at: number, low: number, high: number): void {
  const productLow = imul(low, P2_LOW);
  const productHigh = (upperHalf(low, P2_LOW) + imul(high, P2_LOW) + imul(low, P2_HIGH)) | 0;
  const sumLow = (lanes[at]! >>> 0) + (productLow >>> 0);
  const sumHigh = (lanes[at + 1]! + productHigh + (sumLow > 0xffffffff ? 1 : 0)) | 0;
  const turnedHigh = (sumHigh << 31) | ((sumLow | 0) >>> 1);
  const turnedLow = ((sumLow | 0) << 31) | (sumHigh >>> 1);
  lanes[at] = imul(turnedLow, P1_LOW);
  lanes[at + 1] = upperHalf(turnedLow, P1_LOW) + imul(turnedHigh, P1_LOW) + imul(turnedLow, P1_HIGH);
}

/** The upper 32 bits of the product of two 32-bit numbers. */
function upperHalf(a: number, b: number): number {
  // No list of the four: this runs for every eight bytes.
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + (middle >>> 16) + (other >>> 16)) | 0;
}
