import { randomBytes } from 'node:crypto';

/** A made-up secret: where any form or half of it is found, something was said that must not be said. */
export interface Canary {
  /** Where it was planted. */
  readonly name: string;
  readonly value: string;
}

/** Halves are random enough to be nobody else's; the punctuation takes another form in URLs and in JSON. */
export function canary(name: string): Canary {
  return { name, value: `${randomBytes(8).toString('hex')}+${randomBytes(8).toString('hex')}` };
}

/** The same, of characters that a URL's path, a header or a file name can hold as they are. */
export function plainCanary(name: string): Canary {
  return { name, value: randomBytes(16).toString('hex') };
}

/** How a text can carry a value: as it is, percent-encoded, in Base64 at any offset, in hexadecimal, its halves, backwards. */
export function formsOf(value: string): string[] {
  const half = Math.floor(value.length / 2);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${'x'.repeat(offset)}${value}`).toString('base64');
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [
    value,
    encodeURIComponent(value),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    Buffer.from(value).toString('hex'),
    value.slice(0, half),
    value.slice(half + 1),
    [...value].reverse().join(''),
  ];
}

/** One sentence for each canary that a text holds in any form, with what stands around it. */
export function found(canaries: readonly Canary[], place: string, text: string): string[] {
  return canaries.flatMap(({ name, value }) => {
    const form = formsOf(value).find((each) => text.includes(each));
    if (form === undefined) return [];
    const at = text.indexOf(form);
    return [`${place} holds the ${name}: …${text.slice(Math.max(0, at - 80), at + form.length + 20)}…`];
  });
}
