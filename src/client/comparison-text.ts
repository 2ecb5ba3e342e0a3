import type { DifferenceClass } from '../compare/comparison';
import type { ComparedColumn, ComparisonResult } from '../compare/result';
import type { Sample } from '../compare/findings';
import { count, counted } from '../domain/counted';
import { code, md, section, table as markdownTable } from '../report/markdown';
import { shown } from './output';
import { textTable } from './text-table';

const WORDS: Readonly<Record<DifferenceClass, string>> = {
  missing_left: 'missing on the left',
  missing_right: 'missing on the right',
  differs: 'differ',
  duplicate_left: 'keys more than once on the left',
  duplicate_right: 'keys more than once on the right',
  null_key_left: 'without a key on the left',
  null_key_right: 'without a key on the right',
};

/** One sentence: whether both sides are equal, and how much was compared. */
export function verdictText({ equal, new: fresh, pairs, equal_rows: same, columns }: ComparisonResult): string {
  const compared = `${counted(pairs, 'pair of rows', 'pairs of rows')} in ${counted(columns.length, 'column')}`;
  if (equal) return `Equal: ${compared}.`;
  if (fresh === 0) return `Nothing new: every difference was accepted. Compared ${compared}, ${count(same)} equal.`;
  return `${counted(fresh, 'new difference')}. Compared ${compared}, ${count(same)} equal.`;
}

/** For a terminal. */
export function comparisonText(result: ComparisonResult): string {
  const { left, right, key, findings, columns, samples } = result;
  const found = findings.filter((finding) => finding.count > 0);
  const differing = columns.filter((column) => column.differing > 0);
  const blocks = [
    [
      `left   ${shown(left.name)}: ${counted(left.rows, 'row')}`,
      `right  ${shown(right.name)}: ${counted(right.rows, 'row')}`,
      `key    ${key.join(', ')}`,
    ].join('\n'),
    verdictText(result),
    found.length === 0
      ? ''
      : textTable(
          FOUND,
          found.map((each) => [WORDS[each.class], count(each.count), count(each.accepted), count(each.new)]),
        ),
    differing.length === 0
      ? ''
      : textTable(
          DIFFERING,
          differing.map((column) => [nameOf(column), count(column.differing), count(column.accepted), column.rule ?? '']),
        ),
    samples.length === 0 ? '' : textTable(SAMPLES, samples.map(sampleCells)),
    notCompared(result),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

const FOUND = [
  { title: 'rows' },
  { title: 'count', right: true },
  { title: 'accepted', right: true, spare: true },
  { title: 'new', right: true },
];
const DIFFERING = [
  { title: 'column' },
  { title: 'rows that differ', right: true },
  { title: 'accepted', right: true, spare: true },
  { title: 'allowed' },
];
const SAMPLES = [{ title: 'example' }, { title: 'key' }, { title: 'column' }, { title: 'left' }, { title: 'right' }];

function nameOf({ left, right }: Pick<ComparedColumn, 'left' | 'right'>): string {
  return left === right ? left : `${left} = ${right}`;
}

function sampleCells({ class: kind, key, column, left, right, accepted }: Sample): string[] {
  const value = (text: string | null): string =>
    column === null ? (text === null ? '' : `${text} times`) : text === null ? 'null' : `"${text}"`;
  return [`${WORDS[kind]}${accepted ? ' (accepted)' : ''}`, key, column ?? '', value(left), value(right)];
}

/** What nobody looked at must be said, or its differences pass for none. */
function notCompared({ left, right, ignored }: ComparisonResult): string {
  const lines = [
    ...(left.not_compared.length === 0 ? [] : [`Only on the left, not compared: ${left.not_compared.join(', ')}.`]),
    ...(right.not_compared.length === 0 ? [] : [`Only on the right, not compared: ${right.not_compared.join(', ')}.`]),
    ...(ignored.length === 0 ? [] : [`Ignored: ${ignored.join(', ')}.`]),
    ...[left, right].flatMap(({ name, left_out: out }) => (out === null ? [] : [`Left out of ${name}: ${out}.`])),
  ];
  return shownLines(lines);
}

function shownLines(lines: readonly string[]): string {
  return lines.map((line) => shown(line, 2_000)).join('\n');
}

/** As a file, with the figures of every column. */
export function comparisonMarkdown(result: ComparisonResult, name: string | null): string {
  const { left, right, key, findings, columns, samples, at, seconds } = result;
  const found = findings.filter((finding) => finding.count > 0);
  return [
    `# ${name === null ? 'Comparison' : `Comparison ${md(name)}`}\n`,
    `**${verdictText(result)}**\n`,
    markdownTable(
      ['', 'left', 'right'],
      [
        ['what', code(left.name), code(right.name)],
        ['rows', count(left.rows), count(right.rows)],
      ],
    ),
    `\nKey: ${key.map(code).join(', ')}. Compared ${at.slice(0, 19).replace('T', ' ')} UTC, in ${seconds} s.\n`,
    section(
      'Differences',
      found.length === 0
        ? ''
        : markdownTable(
            ['rows', 'count', 'accepted', 'new'],
            found.map((each) => [WORDS[each.class], count(each.count), count(each.accepted), count(each.new)]),
          ),
    ),
    section('Examples', samples.length === 0 ? '' : markdownTable(['', 'key', 'column', 'left', 'right'], samples.map(markdownSample))),
    section(
      'Columns',
      columns.length === 0
        ? ''
        : markdownTable(
            ['column', 'kind', 'differ', 'accepted', 'allowed', 'side', 'values', 'nulls', 'distinct', 'least', 'greatest', 'sum'],
            columns.flatMap(columnRows),
          ),
    ),
    section('Not compared', md(notCompared(result)).replaceAll('\n', '\n\n')),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function markdownSample(sample: Sample): string[] {
  const [kind = '', key = '', column = '', left = '', right = ''] = sampleCells(sample);
  return [md(kind), code(key), column === '' ? '' : code(column), left === '' ? '' : code(left), right === '' ? '' : code(right)];
}

function columnRows(column: ComparedColumn): string[][] {
  return (['left', 'right'] as const).map((side) => {
    const { count: values, nulls, distinct, min, max, sum } = column.statistics[side];
    const head =
      side === 'left'
        ? [code(nameOf(column)), column.kind, count(column.differing), count(column.accepted), md(column.rule ?? '')]
        : ['', '', '', '', ''];
    const figures = [count(values), count(nulls), distinct === null ? '' : count(distinct)];
    return [...head, side, ...figures, ...[min, max, sum].map((text) => (text === null ? '' : code(text)))];
  });
}
