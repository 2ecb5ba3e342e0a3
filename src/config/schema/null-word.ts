import { z } from 'zod';

/** One of some words of which one is `null`: without quotes YAML reads that as no value at all. */
export function nullWord<const Words extends readonly [string, ...string[]]>(words: Words, otherwise: Words[number]) {
  const allowed = z.enum(words, `one of ${words.join(', ')}`);
  const written = z.union([allowed, z.null()], `one of ${words.join(', ')}`);
  const read = z.codec(written, allowed, {
    decode: (value) => value ?? 'null',
    encode: (value) => value,
  });
  return read.prefault(otherwise);
}
