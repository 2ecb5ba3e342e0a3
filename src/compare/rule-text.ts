import { spanWords } from '../domain/span-words';
import type { ColumnKind } from './column-kind';
import type { ColumnRule } from './comparison';

/** What a rule lets differ, in words; `null`: nothing that its kind knows. */
export function ruleText(kind: ColumnKind, rule: ColumnRule): string | null {
  const words = [
    ...(kind === 'number' && rule.absolute !== undefined ? [`± ${rule.absolute}`] : []),
    ...(kind === 'number' && rule.relative !== undefined ? [`± ${rule.relative} of the greater`] : []),
    ...(kind === 'instant' && rule.within !== undefined
      ? [`within ${rule.within < 1000 ? `${rule.within} ms` : spanWords(rule.within)}`]
      : []),
    ...(kind === 'text' && rule.trim === true ? ['blanks at the ends left out'] : []),
    ...(kind === 'text' && rule.collapse === true ? ['runs of blanks as one'] : []),
    ...(kind === 'text' && rule.ignoreCase === true ? ['without case'] : []),
    ...(rule.emptyIsNull === true ? ['empty is null'] : []),
  ];
  return words.length === 0 ? null : words.join(', ');
}
