/** Chance that follows from a seed alone. */
export class Dice {
  constructor(private state: number) {}

  /** At least 0, less than 1 (mulberry32). */
  roll(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(bound: number): number {
    return Math.floor(this.roll() * bound);
  }

  one<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }

  chance(share: number): boolean {
    return this.roll() < share;
  }
}
