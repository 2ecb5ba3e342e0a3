import { webcrypto } from 'node:crypto';

/** SHA-256 (hex), reckoned by a thread beside the event loop. The bytes must not change meanwhile. */
export async function sha256Beside(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
