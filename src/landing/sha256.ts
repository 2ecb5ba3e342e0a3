import { createHash } from 'node:crypto';

/** SHA-256 (hex). Reckoned on the spot: a thread beside would be given a copy, which takes as long. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
