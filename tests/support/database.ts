import { randomBytes } from 'node:crypto';
import { withConnection } from '../../src/stack/postgres-connection';

/** A database that belongs to one test file. */
export interface TestDatabase {
  /** Connection URL; usable in hooks and tests, not while the file is being read. */
  readonly url: string;
  readonly name: string;
}

declare global {
  var testDatabases: TestDatabase[] | undefined;
}

/**
 * Call at the top of a test file (or of a describe): gives it a database of its own, copied from the migrated template before the first test.
 * It is dropped after the file; a connection that the file left open fails the file (see `database-environment.ts`).
 */
export function testDatabase(): TestDatabase {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const database: TestDatabase = {
    name,
    get url() {
      const url = new URL(serverUrl());
      url.pathname = `/${name}`;
      return url.href;
    },
  };
  (globalThis.testDatabases ??= []).push(database);
  beforeAll(async () => {
    await withConnection(serverUrl(), (client) => client.query(`create database ${name} template ${String(process.env['TEST_TEMPLATE'])}`));
  });
  return database;
}

function serverUrl(): string {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url === undefined)
    throw new Error('No test database: this folder of tests/ is not in a jest project with a database (jest.config.js)');
  return url;
}
