import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** `version (1) | nonce (12) | tag (16) | ciphertext`. */
const VERSION = 1;
const NONCE = 12;
const TAG = 16;
const CIPHER = 'aes-256-gcm';

/** 32 bytes that follow from a secret and a label; nobody gets from them to the secret, or from one label's to another's. */
export function derived(secret: string, salt: string, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret), Buffer.from(salt), Buffer.from(label), 32));
}

/** The text, encrypted and bound to a place: it opens with the same key and the same place only. */
export function seal(text: string, key: Buffer, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG }).setAAD(bound(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

/** What was sealed; `null` for another key, another place, damage, or a form that this version does not know. */
export function unseal(sealed: Buffer, key: Buffer, place: string): string | null {
  if (sealed[0] !== VERSION || sealed.length < 1 + NONCE + TAG) return null;
  const [nonce, tag, body] = [sealed.subarray(1, 1 + NONCE), sealed.subarray(1 + NONCE, 1 + NONCE + TAG), sealed.subarray(1 + NONCE + TAG)];
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG }).setAAD(bound(place)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    // GCM says no more than that it does not fit.
    return null;
  }
}

function bound(place: string): Buffer {
  return Buffer.from(`${VERSION}|${place}`);
}
