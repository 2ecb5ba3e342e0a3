import { randomBytes } from 'node:crypto';
import { withConnection } from '../../src/stack/postgres-connection';

/** A database that belongs to one test file. */
export interface TestDatabase {
  /** Connection URL; usable in hooks and tests, not while the file is being read. */
  readonly url: string;
  /** The same through a Unix socket where there is one, which is cheaper: for tests of very many statements. */
  readonly socketUrl: string;
  readonly name: string;
}

declare global {
  var testDatabases: Pick<TestDatabase, 'name'>[] | undefined;
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
      return urlOf(name, 'TEST_POSTGRES_URL');
    },
    get socketUrl() {
      return urlOf(name, 'TEST_POSTGRES_SOCKET_URL');
    },
  };
  (globalThis.testDatabases ??= []).push(database);
  beforeAll(async () => {
    await withConnection(serverUrl(), (client) => client.query(`create database ${name} template ${String(process.env['TEST_TEMPLATE'])}`));
  });
  return database;
}

function urlOf(name: string, variable: ServerVariable): string {
  const url = new URL(serverUrl(variable));
  url.pathname = `/${name}`;
  return url.href;
}

type ServerVariable = 'TEST_POSTGRES_URL' | 'TEST_POSTGRES_SOCKET_URL';

function serverUrl(variable: ServerVariable = 'TEST_POSTGRES_URL'): string {
  const url = process.env[variable];
  if (url === undefined)
    throw new Error('No test database: this folder of tests/ is not in a jest project with a database (jest.config.js)');
  return url;
}
