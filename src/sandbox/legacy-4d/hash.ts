/** Looked up once: under jest each look-up of a global costs microseconds, and a row needs forty of these. */
const { imul } = Math;

/** Stateless 32-bit hash of (seed, stream, index, salt): any attribute of any record without computing the ones before it. */
export function mix(seed: number, stream: number, index: number, salt: number): number {
  let h = imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ imul(stream + 1, 0xc2b2ae35);
  h = imul(h ^ (index | 0), 0x27d4eb2f) ^ imul(salt + 1, 0x165667b1);
  h = imul(h ^ (h >>> 15), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
