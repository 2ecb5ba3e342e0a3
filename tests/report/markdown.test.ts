import fc from 'fast-check';
import { code, md, section, table } from '../../src/report/markdown';

/** Anything that could end a cell or a line, or begin markup, is more likely than in ordinary text. */
const hostile = fc.string({
  unit: fc.constantFrom('a', ' ', '|', '\\', '`', '*', '_', '<', '>', '#', '[', ']', '\n', '\r', '\u2028', '&', '1', '.'),
});

/** The cells of a table row as a Markdown reader splits it: at each `|` that no backslash escapes. */
function cellsOf(row: string): string[] {
  return row
    .slice(2, -2)
    .split(/(?<!\\)(?:\\\\)* \| /)
    .map((cell) => cell.trim());
}

test('text from data stays in its cell and on its line, whatever it is', () => {
  fc.assert(
    fc.property(hostile, hostile, (one, two) => {
      const [, , row = '', ...rest] = table(['a', 'b'], [[md(one), md(two)]]).split('\n');
      expect(rest).toEqual([]);
      expect([...row.matchAll(/(?<!\\)(?:\\\\)*\|/g)]).toHaveLength(3);
    }),
  );
});

test('a code span ends where it should, whatever is in it', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const span = code(text);
      const [fence = ''] = /^`+/.exec(span) ?? [];
      expect(span.endsWith(fence)).toBe(true);
      expect(span.slice(fence.length, -fence.length)).not.toMatch(new RegExp(`(?<!\`)${fence}(?!\`)`));
      expect(span).not.toMatch(/[\n\r\u2028]/);
    }),
  );
});

test('markup in data is shown, not obeyed', () => {
  expect(md('<img src=x> [click](http://evil) **bold** `code`')).toBe(
    '\\<img src=x\\> \\[click\\](http\\://evil) \\*\\*bold\\*\\* \\`code\\`',
  );
  expect(md('# title')).toBe('\\# title');
  expect(md('- item')).toBe('\\- item');
  expect(cellsOf(`| ${md('a|b')} | c |`)).toHaveLength(2);
});

test('control characters become visible, secrets go', () => {
  expect(md('a\u001b[31mb\nc')).toBe('a\\\\u001b\\[31mb\\\\nc');
  expect(md('postgresql://me:hunter2hunter2@db/x')).not.toContain('hunter2');
});

test('a section without a body is nothing', () => {
  expect(section('Doubts', '')).toBe('');
  expect(section('Doubts', '- x')).toBe('## Doubts\n\n- x\n');
});
