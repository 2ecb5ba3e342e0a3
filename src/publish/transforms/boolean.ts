import { FLAG_FIELDS, type TransformOf } from '../../config/schema/publish-transform';
import { conversion, type Convert } from '../mapping/convert';
import { shown } from '../mapping/findings';
import type { RowPlan, Step } from '../mapping/row-plan';
import type { SourceValue } from '../mapping/source-columns';
import { changeFields } from './in-place';
import { presentFields } from './present-fields';

const YES = ['true', 't', 'yes', 'y', '1', 'on', 'ja', 'j', 'wahr', 'x'];
const NO = ['false', 'f', 'no', 'n', '0', 'off', 'nein', 'falsch'];

/** Reads words for yes and no, in any case; an empty text says neither. Numbers are words, too: any but 1 and 0 is none of them. */
export function wordsReader(yes: readonly string[] = YES, no: readonly string[] = NO): Convert {
  const meanings = new Map([...no.map((word) => [folded(word), 'f'] as const), ...yes.map((word) => [folded(word), 't'] as const)]);
  return (text) => {
    const word = folded(text);
    return word === '' ? null : meanings.get(word);
  };
}

const folded = (word: string): string => word.trim().toLowerCase();

export function boolean(plan: RowPlan, { fields, yes, no, invalid }: TransformOf<'boolean'>, path: string): void {
  const read = wordsReader(yes, no);
  changeFields(plan, { rule: 'boolean', path, fields, invalid, wanted: 'word for yes or no' }, ({ type }) =>
    type === 'boolean' ? null : { type: 'boolean', convert: plainly(read, conversion(type, 'text', plan.surroundings.zone)!) },
  );
}

function plainly(read: Convert, plain: Convert): Convert {
  return (text) => {
    const word = plain(text);
    return typeof word === 'string' ? read(word) : word;
  };
}

/** The flags of a 4D server's articles, each under its English name. Numbers other than 0 are yes, as 4D itself reads them. */
export function transformBooleanFlags(plan: RowPlan, { flags }: TransformOf<'transform_boolean_flags'>, path: string): void {
  const found = presentFields(plan, flags, FLAG_FIELDS, `${path}.flags`);
  for (const { target, field, value } of found) {
    const { at } = plan.add(target, 'boolean', { path: `${path}.flags.${target}` });
    plan.steps.push(flag({ target, field, value, at }));
  }
}

interface Flag {
  readonly target: string;
  readonly field: string;
  readonly value: SourceValue;
  readonly at: number;
}

function flag({ target, field, value: { type, read }, at }: Flag): Step {
  if (type === 'boolean') return (source, cells) => void (cells[at] = read(source));
  const isNumber = type === 'bigint' || type === 'numeric';
  const words = wordsReader();
  const meaning: Convert = isNumber ? (text) => (/^-?0(\.0*)?$/.test(text) ? 'f' : 't') : words;
  return (source, cells, { findings }) => {
    const text = read(source);
    const made = typeof text === 'string' ? meaning(text) : text;
    cells[at] = made;
    if (made === undefined && typeof text === 'string') {
      const message = `${field} is ${shown(text)}, which is no word for yes or no`;
      findings.add({ rule: 'transform_boolean_flags', field: target, value: text, message });
    }
  };
}
