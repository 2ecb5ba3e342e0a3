import fc from 'fast-check';
import { cut, padded, widthOf, wrapped } from '../../../src/client/live/width';
import { fitted } from '../../../src/client/live/wrap-line';

describe('the width of a text', () => {
  it('is what a terminal makes of it', () => {
    expect(['abc', '日本', 'e\u0301', '✓', '⚠', 'ℹ', '👩'].map(widthOf)).toEqual([3, 4, 1, 1, 1, 1, 2]);
  });

  it('is kept when a text is cut, and no wide character is cut in half', () => {
    expect([cut('contacts', 8), cut('contacts', 5), cut('日本語', 4), cut('abc', 0)]).toEqual(['contacts', 'cont…', '日…', '']);
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => widthOf(cut(text, columns)) <= columns));
  });

  it('is filled up with blanks on either side', () => {
    expect([padded('日', 4), padded('7', 4, true)]).toEqual(['日  ', '   7']);
  });
});

describe('a text that is wrapped', () => {
  it('breaks between words, and within one that is longer than a line', () => {
    expect(wrapped('waiting for Zoho until 14:32', 12)).toEqual(['waiting for', 'Zoho until', '14:32']);
    expect(wrapped('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });

  it('fits into its columns and loses nothing but blanks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), fc.integer({ min: 2, max: 40 }), (text, columns) => {
        const lines = wrapped(text, columns);
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});

describe('text for people on a narrow terminal', () => {
  it('is broken between words, what goes on stands below its first words', () => {
    expect(fitted('error x: PostgreSQL does not answer\n  do     Start it, or correct the address of it.', 30)).toBe(
      ['error x: PostgreSQL does not', '  answer', '  do     Start it, or correct', '         the address of it.'].join('\n'),
    );
  });

  it('keeps a path or an address whole, so that it can be copied', () => {
    const path = '/var/lib/freshet/reports/sync/202611220640-SYNC-1A2B3C4D/_SYNC_SUMMARY.md';
    expect(fitted(`report  ${path}`, 40)).toBe(`report\n        ${path}`);
  });

  it('is left as it is where it fits, and in a pipe', () => {
    const text = '  → ./freshet doctor   Look at everything';
    expect(fitted(text, text.length)).toBe(text);
    expect(fitted(text, Infinity)).toBe(text);
  });

  it('never holds a line that could have been broken', () => {
    const words = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((word) => word.replaceAll(/\s/g, '_')));
    fc.assert(
      fc.property(words, fc.integer({ min: 30, max: 100 }), (given, columns) => {
        const text = given.join(' ');
        const lines = fitted(text, columns).split('\n');
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
        expect(lines.map((line) => line.trim()).join(' ')).toBe(text.trim());
      }),
      { numRuns: 100 },
    );
  });
});
