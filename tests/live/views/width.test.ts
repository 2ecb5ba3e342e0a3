import fc from 'fast-check';
import { cut, padded, widthOf, wrapped } from '../../../src/client/live/width';

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
