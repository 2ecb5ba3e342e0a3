/** Remembers texts by 8-byte hashes, 16 to 32 bytes each: two texts of two million are taken for one with a chance of one in ten million. */
export class DistinctHashes {
  /** Pairs of halves; a pair of zeros is a free place. */
  private places = new Uint32Array(2 * 16);
  private held = 0;

  get size(): number {
    return this.held;
  }

  /** `false` where the text was there already. */
  add(text: string): boolean {
    const [high, low] = hashOf(text);
    if (!put(this.places, high, low)) return false;
    this.held++;
    if (this.held * 4 > this.places.length) this.grow();
    return true;
  }

  private grow(): void {
    const larger = new Uint32Array(this.places.length * 2);
    for (let at = 0; at < this.places.length; at += 2) {
      const [high, low] = [this.places[at]!, this.places[at + 1]!];
      if (high !== 0 || low !== 0) put(larger, high, low);
    }
    this.places = larger;
  }
}

function put(places: Uint32Array, high: number, low: number): boolean {
  const mask = places.length / 2 - 1;
  for (let place = low & mask; ; place = (place + 1) & mask) {
    const [heldHigh, heldLow] = [places[2 * place]!, places[2 * place + 1]!];
    if (heldHigh === high && heldLow === low) return false;
    if (heldHigh !== 0 || heldLow !== 0) continue;
    places[2 * place] = high;
    places[2 * place + 1] = low;
    return true;
  }
}

/** Two multiplicative hashes over the text's units, mixed (cyrb53's way, all 64 bits kept); not meant against malice. */
function hashOf(text: string): [number, number] {
  let [a, b] = [0xdeadbeef ^ text.length, 0x41c6ce57 ^ text.length];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  const [high, low] = [b >>> 0, a >>> 0];
  return high === 0 && low === 0 ? [0, 1] : [high, low];
}
