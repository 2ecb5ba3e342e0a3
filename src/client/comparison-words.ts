import { toleranceOf } from '../compare/named-comparison';
import type { ColumnRule, Comparison } from '../compare/comparison';
import { looksLikeSide, parseSide } from '../compare/side-name';
import { FreshetError } from '../domain/errors';

export interface CompareFlags {
  readonly key?: readonly string[];
  readonly column?: readonly string[];
  readonly ignore?: readonly string[];
  readonly tolerance?: readonly string[];
  readonly trim?: boolean;
  readonly ignoreCase?: boolean;
  readonly emptyIsNull?: boolean;
  readonly samples?: string;
  readonly statistics?: string;
  readonly markdown?: boolean;
  /** A file instead of stdout: Markdown, or JSON with --json. */
  readonly output?: string;
}

/** Flags that a comparison's file says itself. */
const OF_SIDES = ['key', 'column', 'ignore', 'tolerance', 'trim', 'ignoreCase', 'emptyIsNull', 'statistics'] as const;

/** Two sides and what the flags say of them. Errors: `wrong-use`, `compare-side`. */
export function comparisonFromWords(left: string, right: string, flags: CompareFlags): Comparison {
  const { trim, ignoreCase, emptyIsNull } = flags;
  const all = Object.fromEntries(Object.entries({ trim, ignoreCase, emptyIsNull }).filter(([, value]) => value === true));
  return {
    left: { name: parseSide(left) },
    right: { name: parseSide(right) },
    key: words(flags.key),
    columns: new Map((flags.column ?? []).map((text) => parted(text, '--column', '<left>=<right>'))),
    ignore: words(flags.ignore),
    all,
    rules: new Map((flags.tolerance ?? []).map((text) => toleranceRule(text))),
    samples: samplesOf(flags.samples) ?? 10,
    statistics: flags.statistics === 'counts' ? 'counts' : 'full',
  };
}

/** A comparison that a file describes takes nothing from flags but how much is shown. */
export function refuseSideFlags(name: string, flags: CompareFlags): void {
  if (looksLikeSide(name)) throw wrongUse(`"${name.slice(0, 80)}" is one side; a comparison has two`, 'Name the other one behind it.');
  const given = OF_SIDES.filter((flag) => flags[flag] !== undefined);
  if (given.length > 0)
    throw wrongUse(
      `${given.map((flag) => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).join(', ')} belongs to two sides on the command line`,
      `What ${name} compares, and how, stands in its file: change it there.`,
    );
}

export function samplesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1000) return Number(text);
  throw wrongUse(`--samples is "${text.slice(0, 40)}"`, 'A whole number from 0 to 1000.');
}

function words(given: readonly string[] | undefined): string[] {
  return (given ?? [])
    .flatMap((text) => text.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function parted(text: string, flag: string, form: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw wrongUse(`${flag} is "${text.slice(0, 80)}"`, `Write it as ${form}.`);
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function toleranceRule(text: string): [string, ColumnRule] {
  const [column, amount] = parted(text, '--tolerance', '<column>=<amount>');
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(amount) ?? [];
  if (digits !== undefined && unit !== undefined) return [column, { within: Number(digits) * (MILLISECONDS[unit] ?? 0) }];
  if (/^\d{1,20}(\.\d{1,20})?%?$/.test(amount)) return [column, toleranceOf(amount)];
  throw wrongUse(
    `--tolerance of ${column} is "${amount.slice(0, 40)}"`,
    'Write an amount (0.01), a share (0.5%), or a span for times (2s).',
  );
}

function wrongUse(message: string, remedy: string): FreshetError {
  return new FreshetError('config_error', { code: 'wrong-use', message, remedy });
}
