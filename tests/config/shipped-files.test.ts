import { resolve } from 'node:path';

import { freezeSettings, thawSettings } from '../../src/config/freeze';
import { loadSettings } from '../../src/config/load-settings';
import { listPipelines, loadPipeline } from '../../src/config/pipeline';
import { resolveSource } from '../../src/config/sources';
import { sourceTypes } from '../../src/sources';

const root = resolve(__dirname, '../..');
const sandbox = {
  ZOHO_BOOKS_TEST_BASE_URL: 'http://127.0.0.1:4010/books/v3',
  ZOHO_BOOKS_TEST_ACCOUNTS_URL: 'http://127.0.0.1:4010',
  ZOHO_BOOKS_TEST_ORGANIZATION_ID: '10234695',
};

const load = (env: Record<string, string>) => loadSettings({ cwd: root, env, sourceTypes });

test('the files that come with freshet are free of mistakes in every environment they name', () => {
  for (const environment of ['development', 'test', 'staging', 'production']) {
    const { settings, warnings } = load({ FRESHET_ENV: environment });
    expect(settings.environment).toBe(environment);
    expect(settings.source_environment).toBe(environment === 'production' ? 'live' : 'test');
    expect(settings.temporal.task_queue).toBe(`freshet-${environment}`);
    expect(warnings).toEqual([]);
  }
});

test('the pipeline zoho-books reads invoices with details after contacts and items', () => {
  expect(listPipelines(root)).toContain('zoho-books');
  const { sources } = load({});
  const { pipeline, warnings } = loadPipeline('zoho-books', { root, sources, entitiesOf: () => ['contacts', 'items', 'invoices'] });
  expect(pipeline.entities['invoices']).toMatchObject({
    depends_on: ['contacts', 'items'],
    details: true,
    incremental: { enabled: true, lag: 600_000, full_every: 604_800_000 },
  });
  expect(warnings).toEqual([]);
});

test('a run settles on the source environment, freezes everything and gets the same back', () => {
  const { settings, sources, variables } = load(sandbox);
  const source = resolveSource({ sources, key: 'zoho-books', environment: settings.source_environment, variables });
  expect(source).toMatchObject({
    base_url: sandbox.ZOHO_BOOKS_TEST_BASE_URL,
    credentials: { client_id: { env: 'ZOHO_BOOKS_TEST_CLIENT_ID' } },
  });
  const { pipeline } = loadPipeline('zoho-books', { root, sources });
  const thawed = thawSettings(freezeSettings({ settings, source, pipeline }).body);
  expect(thawed).toEqual({ settings, source, pipeline });
});
