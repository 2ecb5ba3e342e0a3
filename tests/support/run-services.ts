import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../../src/stack/home';
import { providePostgres } from '../../src/stack/postgres';
import { withConnection } from '../../src/stack/postgres-connection';

/**
 * The servers of one jest run. Jest's own process starts them in globalSetup, once for all projects, and stops them in globalTeardown;
 * test files find them by environment variables. Several jest runs at once each have their own.
 */
export interface RunServices {
  readonly stops: (() => Promise<unknown>)[];
  database?: Promise<void>;
  temporal?: Promise<void>;
}

const KEY = Symbol.for('freshet.test.services');

/** Each project's globalSetup loads this module anew, hence the registry on the process. */
export function runServices(): RunServices {
  const holder = process as unknown as Record<symbol, RunServices | undefined>;
  return (holder[KEY] ??= { stops: [] });
}

/** One PostgreSQL for the run, with a migrated template database; `TEST_POSTGRES_URL` and `TEST_TEMPLATE` tell the test files. */
export function requireDatabase(): Promise<void> {
  const services = runServices();
  return (services.database ??= startDatabase(services));
}

async function startDatabase(services: RunServices): Promise<void> {
  const folder = mkdtempSync(join(passableTmp(), 'freshet-test-pg-'));
  chmodSync(folder, 0o755);
  services.stops.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const server = await providePostgres({ home: openHome(folder), say: (line) => process.stderr.write(`${line}\n`), profile: 'test' });
  services.stops.push(async () => server.part?.stop());
  await withConnection(server.url, (client) => client.query('create database template_freshet'));
  const template = new URL(server.url);
  template.pathname = '/template_freshet';
  await migrate(template.href);
  process.env['TEST_POSTGRES_URL'] = server.url;
  process.env['TEST_TEMPLATE'] = 'template_freshet';
}

async function migrate(url: string): Promise<void> {
  const file = join(__dirname, '../../src/database/migrate.ts');
  if (!existsSync(file)) return;
  try {
    const { migrateToLatest } = (await import(file)) as { migrateToLatest(url: string): Promise<unknown> };
    await migrateToLatest(url);
  } catch (error) {
    process.stderr.write(`The template database stays empty, migrations failed: ${String(error)}\n`);
  }
}

/** As root the server runs as another user, whom a private TMPDIR would lock out. */
function passableTmp(): string {
  return process.getuid?.() === 0 ? '/tmp' : tmpdir();
}
