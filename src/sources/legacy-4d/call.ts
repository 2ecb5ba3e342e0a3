import { createHash } from 'node:crypto';

import { FreshetError } from '../../domain/errors';
import { isStorableText } from '../../json/decode';
import { printable } from '../../observability/printable';

/** One GET of the REST server. */
export interface RestCall {
  /** Below the base URL, percent-encoded: `/Artikel_Familie`. */
  readonly path: string;
  /** With its question mark, percent-encoded; `""`: none. */
  readonly query: string;
  /** SHA-256 over path and query: equal for the same question, free of secrets. */
  readonly digest: string;
  /** A guest may ask this too: its success says nothing about a login. */
  readonly forGuests: boolean;
}

type Query = Readonly<Record<string, string>>;

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/** Whether an attribute of this name can be written into a filter. */
export function isName(name: string): boolean {
  return NAME.test(name) && name.length <= 255;
}

/** As 4D reads it: every character of its own, also the quotes and parentheses that `encodeURIComponent` leaves; a blank is never `+`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/['()*!]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function callOf(path: string, query: Query, forGuests: boolean): RestCall {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  parts.sort();
  const text = parts.length === 0 ? '' : `?${parts.join('&')}`;
  return { path, query: text, digest: createHash('sha256').update(`${path}${text}`).digest('hex'), forGuests };
}

/** Every dataclass with its attributes. */
export const CATALOG: RestCall = callOf('/$catalog/$all', {}, true);

/** A list of a dataclass's records. */
export function listCall(dataClass: string, query: Query): RestCall {
  return callOf(`/${encoded(dataClass)}`, query, false);
}

/** How a key is written behind its dataclass: 4D documents `Company(1)` up to version 19, `Company[1]` from 20 on. */
export type KeyForm = '()' | '[]';

export interface AskedKey {
  readonly key: string;
  readonly isText: boolean;
  readonly form: KeyForm;
}

/** One record by its key: numbers bare, texts in double quotes, as 4D documents it. */
export function recordCall(dataClass: string, { key, isText, form }: AskedKey): RestCall {
  const usable = isText ? key !== '' && !/["\u0000-\u001f]/.test(key) && isStorableText(key) : /^-?\d+(\.\d+)?$/.test(key);
  if (!usable) {
    throw new FreshetError('source_error', {
      code: 'id-unusable',
      message: `"${printable(key, 60)}" cannot be the key of one of 4D's ${dataClass}`,
      remedy: 'Look at the record in the landed list: its key is damaged. It is not asked for.',
      retryable: false,
    });
  }
  const inside = encoded(isText ? `"${key}"` : key);
  return callOf(`/${encoded(dataClass)}${form === '()' ? `(${inside})` : `[${inside}]`}`, {}, false);
}
