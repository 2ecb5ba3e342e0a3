import { AffineOrder } from '../affine-order';
import { mix } from './hash';

/** Which parent each seeded child has, and which children a parent has, without a table. */
export class Grouping {
  readonly #parents: AffineOrder;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
    private readonly children: number,
    private readonly parents: number,
  ) {
    this.#parents = new AffineOrder(seed, stream, parents);
  }

  parentOf(child: number): number | undefined {
    if (this.parents === 0) return undefined;
    if (child >= this.children) return mix(this.seed, this.stream, child, 97) % this.parents;
    return this.#parents.index(Math.floor((child * this.parents) / this.children));
  }

  *childrenOf(parent: number): Generator<number> {
    if (parent >= this.parents) return;
    const place = this.#parents.rank(parent);
    const end = Math.ceil(((place + 1) * this.children) / this.parents);
    for (let child = Math.ceil((place * this.children) / this.parents); child < end; child += 1) yield child;
  }
}
