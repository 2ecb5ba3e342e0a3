import { inspect } from 'node:util';

import fc from 'fast-check';

import { FreshetError } from '../../src/domain/errors';
import { KnownSecrets } from '../../src/observability/known-secrets';
import { isSecretName, redactText } from '../../src/observability/redact';
import { safeFacts, safeValue } from '../../src/observability/safe-facts';
import { Secret } from '../../src/observability/secret';

const none = new KnownSecrets();

test('a secret shows itself in no printed form, only when revealed', () => {
  const secret = new Secret('canary-7f3a91');
  const forms = [
    String(secret),
    ''.concat(secret as unknown as string),
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret, { showHidden: true }),
    String(Object.values(secret)),
  ];
  for (const form of forms) expect(form).not.toContain('canary');
  expect(secret.reveal()).toBe('canary-7f3a91');
});

test('a known value is hidden in every form in which texts carry it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme' }), fc.string({ maxLength: 7 }), (value, before) => {
      fc.pre(!'[secret]'.includes(value) && !/\p{Surrogate}/u.test(value) && Buffer.byteLength(value) >= 8);
      const known = new KnownSecrets();
      known.add(value);
      const carriers = [
        value,
        encodeURIComponent(value),
        JSON.stringify({ x: value }),
        Buffer.from(value).toString('base64'),
        Buffer.from(`${before}:${value}`).toString('base64'),
        Buffer.from(`${before}${value}:tail`).toString('base64url'),
      ];
      for (const carrier of carriers) expect(known.hide(`<${carrier}>`)).toContain('[secret]');
      expect(known.hide(`<${value}>`)).toBe('<[secret]>');
    }),
  );
});

test('the password inside a database URL is hidden by itself too', () => {
  const known = new KnownSecrets();
  void new Secret('postgres://freshet:p%40ss-canary@db.example:5432/x', known);
  expect(known.hide('password authentication failed with p@ss-canary and p%40ss-canary')).toBe(
    'password authentication failed with [secret] and [secret]',
  );
});

test('only the newest few hundred access tokens are kept, so that they do not pile up; credentials stay for good', () => {
  const known = new KnownSecrets();
  known.add('the-client-secret');
  for (let n = 0; n < 1_000; n++) known.addPassing(`token-number-${n}-end`);
  expect(known.hide('the-client-secret')).toBe('[secret]');
  expect(known.hide('token-number-999-end')).toBe('[secret]');
  expect(known.hide('token-number-1-end')).toBe('token-number-1-end');
});

test.each([
  ['postgres://anna:hunter22@db:5432/x', 'postgres://anna:[secret]@db:5432/x'],
  ['GET https://a.example/oauth?refresh_token=1000.abc&grant_type=x', 'GET https://a.example/oauth?refresh_token=[secret]&grant_type=x'],
  ['Authorization: Zoho-oauthtoken 1000.aa.bb', 'Authorization: Zoho-oauthtoken [secret]'],
  ['sent Bearer abcdefghijkl to the API', 'sent Bearer [secret] to the API'],
  ['Basic YW5uYTpodW50ZXIyMg==', 'Basic [secret]'],
  ['{"client_secret":"canary","scope":"a"}', '{"client_secret":"[secret]","scope":"a"}'],
  ['page_token=abc123 of the list', 'page_token=abc123 of the list'],
  ['Basic authentication is off', 'Basic authentication is off'],
])('unknown secrets are recognised by where they stand: %s', (text, expected) => {
  expect(redactText(text, none)).toBe(expected);
});

test('values under secret names are hidden, fence tokens and page tokens are not', () => {
  expect(
    ['Authorization', 'client_secret', 'refresh', 'api-key', 'Set-Cookie', 'accessToken'].filter((name) => !isSecretName(name)),
  ).toEqual([]);
  expect({
    ...safeFacts({ token: 7, page_token: 'p2', full_refresh: true, password: 'canary', headers: { Authorization: 'canary' } }),
  }).toEqual({
    token: 7,
    page_token: 'p2',
    full_refresh: true,
    password: '[secret]',
    headers: { Authorization: '[secret]' },
  });
});

test('an error is shown with what it says and without what it hides', () => {
  void new Secret('canary-in-cause-42');
  const cause = new Error('the server said canary-in-cause-42');
  const error = new FreshetError('auth_error', { code: 'denied', message: 'Zoho refused', remedy: 'Renew it.', cause });
  const shown = JSON.stringify(safeValue(error));
  expect(shown).toContain('"code":"denied"');
  expect(shown).toContain('the server said [secret]');
  expect(shown).not.toContain('canary');
});

test('any value becomes bounded plain JSON: circles, depth, width, prototypes', () => {
  const circle: Record<string, unknown> = {
    big: 12345678901234567890n,
    bytes: new Uint8Array(3),
    when: new Date(0),
    map: new Map([['__proto__', 1]]),
  };
  circle['self'] = circle;
  const shown = JSON.stringify(safeValue([circle, ...Array.from({ length: 200 }, (_, n) => n)]));
  expect(shown).toContain('"12345678901234567890"');
  expect(shown).toContain('[3 bytes]');
  expect(shown).toContain('"__proto__":1');
  expect(shown.length).toBeLessThan(2_000);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
