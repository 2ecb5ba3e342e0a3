import { chmodSync } from 'node:fs';
import { join } from 'node:path';

import { resolveSecret, resolveSecrets } from '../../src/config/secret-reference';
import { readSources, resolveSource } from '../../src/config/sources';
import { projectFolder, refusal } from './project-folder';
import { sourceTypes } from '../../src/sources';

const YAML = `
books:
  type: zoho-books
  limits: { requests_per_minute: 90 }
  environments:
    live:
      base_url: { env: BOOKS_URL, default: https://api.example/v3 }
      accounts_url: https://accounts.example
      organization_id: { env: BOOKS_ORG }
      credentials: { client_id: { env: BOOKS_ID }, client_secret: { file: secrets/books } }
      limits: { concurrent: 2 }
`;

function source(variables: Record<string, string>, environment: 'live' | 'test' = 'live', key = 'books') {
  const root = projectFolder({ 'config/sources.yaml': YAML });
  return resolveSource({ sources: readSources({ root, types: sourceTypes }).sources, key, environment, variables });
}

test('a source is one environment with variables filled in and secrets still references', () => {
  expect(source({ BOOKS_ORG: '10234' })).toEqual({
    key: 'books',
    type: 'zoho-books',
    environment: 'live',
    base_url: 'https://api.example/v3',
    accounts_url: 'https://accounts.example',
    organization_id: '10234',
    credentials: { client_id: { env: 'BOOKS_ID' }, client_secret: { file: 'secrets/books' } },
    limits: { requests_per_minute: 90, concurrent: 2 },
    timeouts: { connect: 10_000, answer: 60_000, body: 300_000 },
  });
  expect(source({ BOOKS_ORG: '1', BOOKS_URL: 'http://127.0.0.1:4010' }).base_url).toBe('http://127.0.0.1:4010');
});

test.each([
  ['source-setting-missing', () => source({})],
  ['source-setting-invalid', () => source({ BOOKS_ORG: '1', BOOKS_URL: 'not a URL' })],
  ['source-setting-invalid', () => source({ BOOKS_ORG: '1', BOOKS_URL: 'https://anna:canary@api.example' })],
  ['source-environment-missing', () => source({}, 'test')],
  ['source-unknown', () => source({}, 'live', 'bokes')],
  ['source-unknown', () => source({}, 'live', 'constructor')],
])('%s names what to do and no value', (code, action) => {
  const error = refusal(action);
  expect(error).toMatchObject({ type: 'config_error', code });
  expect(error.remedy).not.toBe('');
  expect(error.message).not.toContain('canary');
});

test('secrets come from variables and files, without the line break that ends a file', () => {
  const root = projectFolder({ 'secrets/books': 'from-file\n' });
  const secrets = resolveSecrets({ id: { env: 'BOOKS_ID' }, secret: { file: 'secrets/books' } }, 'source books', {
    root,
    variables: { BOOKS_ID: 'from-env' },
  });
  expect([...secrets].map(([name, secret]) => [name, secret.reveal()])).toEqual([
    ['id', 'from-env'],
    ['secret', 'from-file'],
  ]);
  expect(JSON.stringify([...secrets])).not.toContain('from-');
});

test.each([
  [{ env: 'MISSING' }, 'variable MISSING is not set'],
  [{ env: 'EMPTY' }, 'variable EMPTY is not set'],
  [{ file: 'nowhere' }, 'file nowhere (ENOENT)'],
  [{ file: 'empty' }, 'file empty is empty'],
])('a secret that is not there is named with its place: %j', (reference, expected) => {
  const root = projectFolder({ empty: '\n' });
  chmodSync(join(root, 'empty'), 0o600);
  const error = refusal(() => resolveSecret(reference, 'client_id of source books', { root, variables: { EMPTY: ' ' } }));
  expect(error).toMatchObject({ code: 'secret-missing', message: `client_id of source books is not available: ${expected}` });
});
