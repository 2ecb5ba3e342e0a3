import fc from 'fast-check';
import { compilePattern, patternFault } from '../../src/config/pattern';

const LONG = 50_000;

/** Patterns on which an engine that goes back and tries again takes years, and texts that make it do so. */
const EVIL: readonly (readonly [pattern: string, text: string])[] = [
  ['(a+)+$', `${'a'.repeat(LONG)}!`],
  ['(a+)+b', 'a'.repeat(LONG)],
  ['(a|a)*b', 'a'.repeat(LONG)],
  ['(a|aa)+$', `${'a'.repeat(LONG)}!`],
  ['(a*)*b', 'a'.repeat(LONG)],
  ['([a-zA-Z]+)*1', 'a'.repeat(LONG)],
  ['(.*)*x', 'y'.repeat(LONG)],
  ['(.*a){12}', 'a'.repeat(LONG)],
  ['(x+x+)+y', 'x'.repeat(LONG)],
  ['(\\w|\\d)+!', '1'.repeat(LONG)],
  ['(\\p{L}|\\s|é)*z', 'é'.repeat(LONG)],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(LONG)],
  ['(\\d+)*\\.(\\d+)*$', '1'.repeat(LONG)],
  ['\\s*,\\s*,\\s*$', ' '.repeat(LONG)],
  ['.*.*.*.*.*=.*', 'x'.repeat(LONG)],
  ['(a?){50}a{50}', 'a'.repeat(50)],
  ['(a|b)*a(a|b){16}', 'ab'.repeat(LONG / 2)],
  ['(?i)(q+Q+)+R', 'q'.repeat(LONG)],
  ['([^@]+@?)+\\.$', 'a@'.repeat(LONG / 2)],
  ['(<!--)?((.|\\n)*)-->', '<!--'.repeat(LONG / 4)],
];

test.each(EVIL)('%s answers at once', (pattern, text) => {
  const { fits } = compilePattern(pattern);
  const before = process.cpuUsage().user;
  fits(text);
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(2);
});

test.each([
  ['(?=a)b', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['[', 'missing closing ]: `[`'],
  ['a{1,99999}', 'invalid repeat count'],
  ['(((a{9}){9}){9}){9}', 'invalid repeat count'],
  [`${'a'.repeat(1001)}`, 'longer than 1000 characters'],
])('%s is refused with a reason', (pattern, reason) => {
  expect(patternFault(pattern)).toContain(reason);
});

test('a pattern means the whole text, also without its anchors', () => {
  expect(['ab', 'xab', 'abx', 'ab\n'].map(compilePattern('ab').fits)).toEqual([true, false, false, false]);
  expect(['a', 'b', 'ab'].map(compilePattern('^a|b$').fits)).toEqual([true, true, false]);
});

test('on plain patterns it agrees with JavaScript', () => {
  const part = fc.constantFrom('a', 'b', '[ab]', '[^a]', 'a*', 'b+', 'a?', '(a|b)', '(ab)*', '.', 'b{1,3}');
  const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'ß', '😀'), { maxLength: 8 }).map((letters) => letters.join(''));
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      expect(compilePattern(source).fits(given)).toBe(new RegExp(`^(?:${source})$`, 'u').test(given));
    }),
    { numRuns: 300 },
  );
});
