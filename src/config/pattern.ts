import { RE2JS } from 're2js';

/** A pattern of a settings file, ready to be asked whether a whole text fits it. */
export interface Pattern {
  readonly fits: (text: string) => boolean;
}

const LONGEST = 1_000;

/**
 * Patterns come from files: they run on RE2, which takes time in proportion to the text whatever the pattern is, where JavaScript's own
 * engine can take for ever. What RE2 has no way to do so (look-around, references back) it refuses. Throws an Error that says why.
 */
export function compilePattern(source: string): Pattern {
  if (source.length > LONGEST) throw new Error(`longer than ${LONGEST} characters`);
  const compiled = RE2JS.compile(source);
  return { fits: (text) => compiled.matches(text) };
}

/** Why a text is no pattern; `null` where it is one. */
export function patternFault(source: string): string | null {
  try {
    compilePattern(source);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}
