import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateToLatest } from '../../src/database/migrate';
import { openHome, packageFolder } from '../../src/stack/home';
import type { Say, StackHome } from '../../src/stack/home';
import { providePostgres } from '../../src/stack/postgres';
import { withConnection } from '../../src/stack/postgres-connection';
import { provideTemporal } from '../../src/stack/temporal';

/**
 * The servers of one jest run. Jest's own process starts them in globalSetup, once for all projects, and stops them in globalTeardown;
 * test files find them by environment variables. Several jest runs at once each have their own.
 */
export interface RunServices {
  readonly stops: (() => Promise<unknown>)[];
  home?: StackHome;
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

/** One Temporal server for the run (in memory), and the workflow bundle; `TEST_TEMPORAL_ADDRESS` and `TEST_WORKFLOW_BUNDLE` tell the test files. */
export function requireTemporal(): Promise<void> {
  const services = runServices();
  return (services.temporal ??= startTemporal(services));
}

/** Last started, first stopped; the folder goes last because it was registered first. */
export async function stopServices(): Promise<void> {
  const { stops } = runServices();
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

/** Jest runs no globalTeardown when a globalSetup fails: then what was started before must be stopped here. */
export async function orStopServices(setup: Promise<unknown>): Promise<void> {
  await setup.catch(async (error: unknown) => {
    await stopServices();
    throw error;
  });
}

async function startDatabase(services: RunServices): Promise<void> {
  const server = await providePostgres({ home: runHome(services), say, profile: 'test' });
  services.stops.push(async () => server.part?.stop());
  await withConnection(server.url, (client) => client.query('create database template_freshet'));
  const template = new URL(server.url);
  template.pathname = '/template_freshet';
  await migrateToLatest(template.href);
  process.env['TEST_POSTGRES_URL'] = server.url;
  process.env['TEST_POSTGRES_SOCKET_URL'] = server.socketUrl ?? server.url;
  process.env['TEST_TEMPLATE'] = 'template_freshet';
}

async function startTemporal(services: RunServices): Promise<void> {
  const server = await provideTemporal({ home: runHome(services), say, mode: 'memory' });
  services.stops.push(async () => server.part?.stop());
  process.env['TEST_TEMPORAL_ADDRESS'] = server.address;
  buildCheckout();
  process.env['TEST_WORKFLOW_BUNDLE'] = join(packageFolder(), 'dist', 'workflow-bundle.js');
}

/** Real worker processes and the bundle come from dist/. A checkout that does not compile fails those tests, not the setup of all. */
function buildCheckout(): void {
  const { status } = spawnSync(process.execPath, [join(packageFolder(), 'scripts', 'bootstrap.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) say('dist/ is not up to date: tests that start real processes run what was built last');
}

/** As root the server runs as another user, whom a private TMPDIR would lock out. */
function runHome(services: RunServices): StackHome {
  if (services.home !== undefined) return services.home;
  const folder = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-test-'));
  chmodSync(folder, 0o755);
  services.stops.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  return (services.home = openHome(folder));
}

const say: Say = (line) => {
  process.stderr.write(`${line}\n`);
};
