import { closest } from '../config/closest';
import { FreshetError } from '../domain/errors';

export interface Choice {
  /** As typed, such as `--state`. */
  readonly flag: string;
  /** As given; each text may name several, separated by commas. */
  readonly given: readonly string[] | undefined;
  readonly allowed: readonly string[];
}

/** The words behind a flag, without repetitions; none when it was not given. Errors: `config_error` code `choice-unknown` with what was probably meant. */
export function chosenWords({ flag, given = [], allowed }: Choice): string[] {
  const words = [...new Set(given.flatMap((text) => text.split(',')).map((word) => word.trim()))];
  for (const word of words) if (!allowed.includes(word)) throw unknownWord(flag, word, allowed);
  return words;
}

function unknownWord(flag: string, word: string, allowed: readonly string[]): FreshetError {
  const meant = closest(word, allowed);
  return new FreshetError('config_error', {
    code: 'choice-unknown',
    message: `${flag} does not know "${word}"`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Use one of: ${allowed.join(', ') || '(there are none yet)'}.`,
    where: flag,
  });
}

/** Collects a repeatable option of commander. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
