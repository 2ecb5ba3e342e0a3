export const HASH_BYTES = 16;

/** Where each record of a file stands, and the hash of its bytes: 28 bytes a record in memory, whatever a file holds. */
export class RecordIndex {
  length = 0;
  private starts = new Float64Array(1024);
  private sizes = new Uint32Array(1024);
  private hashes = Buffer.allocUnsafeSlow(1024 * HASH_BYTES);

  /** `hash`: 16 bytes as hex digits. */
  add(offset: number, length: number, hash: string): void {
    if (this.length === this.sizes.length) this.grow();
    this.starts[this.length] = offset;
    this.sizes[this.length] = length;
    this.hashes.write(hash, this.length * HASH_BYTES, 'hex');
    this.length++;
  }

  /** Places count from 0. */
  offsetOf(place: number): number {
    return this.starts[place]!;
  }

  lengthOf(place: number): number {
    return this.sizes[place]!;
  }

  endOf(place: number): number {
    return this.starts[place]! + this.sizes[place]!;
  }

  copyHash(place: number, to: Buffer, at: number): void {
    this.hashes.copy(to, at, place * HASH_BYTES, (place + 1) * HASH_BYTES);
  }

  /** The hash, as hex digits. */
  hashOf(place: number): string {
    return this.hashes.toString('hex', place * HASH_BYTES, (place + 1) * HASH_BYTES);
  }

  /** The number that the first eight digits of the hash are. */
  beginningOf(place: number): number {
    return this.hashes.readUInt32BE(place * HASH_BYTES);
  }

  /** Hashes side by side, in memory of their own. */
  hashesOf(from: number, to: number): Buffer {
    return Buffer.from(this.hashes.subarray(from * HASH_BYTES, to * HASH_BYTES));
  }

  /** Marks each place whose hash stands at another one, too. */
  repeated(): Uint8Array {
    const marks = new Uint8Array(this.length);
    const { table, mask } = slotsFor(this.length);
    for (let place = 0; place < this.length; place++) {
      let slot = this.hashes.readUInt32LE(place * HASH_BYTES) & mask;
      for (; table[slot] !== 0; slot = (slot + 1) & mask) {
        const before = table[slot]! - 1;
        if (!this.same(before, place)) continue;
        marks[before] = marks[place] = 1;
        break;
      }
      if (table[slot] === 0) table[slot] = place + 1;
    }
    return marks;
  }

  private same(a: number, b: number): boolean {
    const [from, to] = [a * HASH_BYTES, b * HASH_BYTES];
    for (let i = 0; i < HASH_BYTES; i++) if (this.hashes[from + i] !== this.hashes[to + i]) return false;
    return true;
  }

  private grow(): void {
    const [starts, sizes, hashes] = [this.starts, this.sizes, this.hashes];
    this.starts = new Float64Array(2 * this.length);
    this.starts.set(starts);
    this.sizes = new Uint32Array(2 * this.length);
    this.sizes.set(sizes);
    this.hashes = Buffer.allocUnsafeSlow(2 * hashes.length);
    hashes.copy(this.hashes);
  }
}

/** Room for twice as many as there are; 0: free, else a place and one. */
function slotsFor(count: number): { readonly table: Uint32Array; readonly mask: number } {
  const slots = 2 ** Math.ceil(Math.log2(2 * count + 2));
  return { table: new Uint32Array(slots), mask: slots - 1 };
}
