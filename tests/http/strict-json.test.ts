import { isFreshetError, type FreshetError } from '../../src/domain/errors';
import type { HttpAnswer } from '../../src/http/http-request';
import { retryAfterMs } from '../../src/http/retry-after';
import { expectJson } from '../../src/http/strict-json';

function answer(body: string | Buffer, type?: string): HttpAnswer {
  return {
    status: 200,
    headers: new Map(type === undefined ? [] : [['content-type', type]]),
    body: Buffer.from(body as string),
    date: null,
  };
}

function refusal(given: HttpAnswer, quote = true): FreshetError {
  try {
    expectJson(given, { what: 'GET api/x', quote });
  } catch (error) {
    if (isFreshetError(error)) return error;
  }
  throw new Error('expected a refusal');
}

describe('an answer is JSON only when every byte is', () => {
  it.each(['{}', '[]', ' {"a":"ü€🚚\\u0000"}\n', '"text"', '0'])('takes %s', (text) => {
    expect(expectJson(answer(text), { what: 'x' })).toEqual(JSON.parse(text));
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['an HTML page', '<html><body>Login', /an HTML or XML page/],
    ['JSON that breaks off', '{"code":0,"invoices":[{"a":1', /JSON that breaks off/],
    ['nothing', '', /empty/],
    ['blanks', ' \n', /empty/],
    ['a text', 'upstream connect error', /not JSON/],
    ['two texts', '{}{}', /not JSON/],
    ['a byte order mark', '\ufeff{}', /not JSON/],
    ['Latin-1', Buffer.from('{"name":"Müller"}', 'latin1'), /not valid UTF-8/],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /not valid UTF-8/],
    ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not valid UTF-8/],
  ])('refuses %s', (_, body, why) => {
    const error = refusal(answer(body, 'application/json'));
    expect(error).toMatchObject({ type: 'source_error', code: 'answer-not-json', retryable: true });
    expect(error.message).toMatch(why);
    expect(error.facts).toMatchObject({ status: 200, contentType: 'application/json', bytes: Buffer.from(body as string).length });
  });

  it('quotes the first 80 characters, with control characters written out', () => {
    const error = refusal(answer(`<p>\u001b[31m\n${'x'.repeat(200)}`, 'text/html'));
    expect(error.message).toContain(`"<p>\\u001b[31m\\n${'x'.repeat(80 - 9)}"`);
    expect(error.message).not.toContain('\u001b');
  });

  it('quotes nothing where the answer may hold a secret', () => {
    expect(refusal(answer('{"access_token":"hush-hush'), false).message).not.toContain('hush');
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-10-07T12:00:00Z');
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Wed, 07 Oct 2026 12:00:30 GMT', 30_000],
    ['Wed, 07 Oct 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-5 apples', null],
    [undefined, null],
  ])('%s is %s ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
