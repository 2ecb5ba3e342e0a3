import { wrongImports } from './house';
import { sourceFiles } from './source-files';

const SOURCES = new Set(['zoho-books', 'square']);

describe('imports in src', () => {
  it('point downward only', () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(20);
    const sources = new Set(files.flatMap(({ path }) => /^sources\/([^/]+)\//.exec(path)?.[1] ?? []));
    expect(files.flatMap(({ path, text }) => wrongImports(path, text, sources))).toEqual([]);
  });
});

describe('the check of the imports', () => {
  it.each([
    ['a stage that knows an entry point', 'load/merge.ts', `import { startStack } from '../stack/supervisor';`],
    ['a stage that knows another stage', 'load/merge.ts', `import { page } from '../extract/page';`],
    ['plumbing that knows a stage, as a type', 'database/pool.ts', `import type { Merge } from '../load/merge';`],
    ['domain with a package', 'domain/ids.ts', `import { randomBytes } from 'node:crypto';`],
    ['domain that knows settings', 'domain/plan.ts', `import { settings } from '../config/settings';`],
    ['a workflow that runs an activity itself', 'workflows/sync.ts', `import { load } from '../activities/load';`],
    ['a workflow with an adapter', 'workflows/sync.ts', `import { Client } from 'pg';`],
    ['a workflow that knows a stage, as a type', 'workflows/sync.ts', `import type { Merge } from '../load/merge';`],
    ['a sandbox that shares the HTTP client', 'sandbox/server.ts', `import { request } from '../http/request';`],
    ['a sandbox that shares the errors', 'sandbox/server.ts', `import { FreshetError } from '../domain/errors';`],
    ['a stage that names a source', 'extract/list.ts', `import { zoho } from '../sources/zoho-books';`],
    ['a stage that reaches into a source', 'extract/list.ts', `import type { List } from '../sources/zoho-books/list';`],
    ['a source that knows another one', 'sources/square/orders.ts', `import { token } from '../zoho-books/token';`],
    ['a stage that starts the sandbox', 'extract/list.ts', `import { serve } from '../sandbox/server';`],
    ['an export from above', 'http/client.ts', `export { load } from '../load/merge';`],
    ['an import() from above', 'http/client.ts', `const load = await import('../load/merge');`],
    ['a require() from above', 'http/client.ts', `const load = require('../load/merge');`],
    ['a type import in place', 'http/client.ts', `let merge: import('../load/merge').Merge;`],
    ['a folder without a place', 'helpers/dates.ts', `import { now } from '../domain/instant';`],
    ['a worker that someone imports', 'activities/load.ts', `import { worker } from '../worker';`],
  ])('finds %s', (_, file, text) => {
    expect(wrongImports(file, text, SOURCES)).toHaveLength(1);
  });

  it.each([
    ['worker.ts', `import * as activities from './activities/index';\nimport { pool } from './database/pool';`],
    ['client/demo.ts', `import { startStack } from '../stack/supervisor';\nimport { serve } from '../sandbox/server';`],
    [
      'workflows/sync.ts',
      `import type { Activities } from '../activities/index';\nimport { proxyActivities } from '@temporalio/workflow';`,
    ],
    ['workflows/sync.ts', `import { type Activities } from '../activities/index';\nimport { plan } from '../domain/plan';`],
    ['sources/index.ts', `import { zohoBooks } from './zoho-books/index';`],
    ['sources/zoho-books/list.ts', `import { token } from './token';\nimport type { Source } from '../source';`],
    ['extract/list.ts', `import { sourceOf } from '../sources/index';\nimport type { Source } from '../sources/source';`],
    ['sandbox/server.ts', `import { runId } from '../domain/ids';\nimport { createServer } from 'node:http';`],
  ])('lets %s import what is below it', (file, text) => {
    expect(wrongImports(file, text, SOURCES)).toEqual([]);
  });

  it('says file, line and reason', () => {
    expect(wrongImports('load/merge.ts', `\nimport { x } from '../client/cli';`, SOURCES)).toEqual([
      'src/load/merge.ts:2 imports ../client/cli: client is above load',
    ]);
  });
});
