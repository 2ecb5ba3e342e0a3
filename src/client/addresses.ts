import { join } from 'node:path';
import type { Settings } from '../config/schema/settings';
import { FreshetError, type NextAction } from '../domain/errors';
import { knownSecrets } from '../observability/known-secrets';
import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import { clusterUrl, readSettings } from '../stack/postgres-cluster';

const START: NextAction = {
  kind: 'run-command',
  label: 'Start PostgreSQL, Temporal and a worker (another terminal)',
  command: './freshet up',
};

/** The URL of PostgreSQL: the settings', else that of the embedded server another `freshet up` keeps running. Holds the password. Errors: `no-database`. */
export function databaseUrlOf(settings: Settings): string {
  if (settings.database.url !== undefined) return settings.database.url.reveal();
  const home = openHome(settings.home);
  const cluster = runningPart(home, 'postgres') === undefined ? undefined : readSettings(join(home.root, 'postgres.json'));
  if (cluster === undefined) throw missing('database', 'DATABASE_URL', settings.home);
  const url = clusterUrl(cluster);
  knownSecrets.add(url);
  return url;
}

/** `host:port` of Temporal: the settings', else that of the embedded server. Errors: `no-temporal`. */
export function temporalAddressOf(settings: Settings): string {
  if (settings.temporal.address !== undefined) return settings.temporal.address;
  const address = runningPart(openHome(settings.home), 'temporal')?.facts['address'];
  if (address === undefined) throw missing('temporal', 'TEMPORAL_ADDRESS', settings.home);
  return address;
}

/** URL of Temporal's web interface, where it is ours. */
export function temporalUiOf(settings: Settings): string | null {
  return settings.temporal.address === undefined ? (runningPart(openHome(settings.home), 'temporal')?.facts['uiUrl'] ?? null) : null;
}

function missing(code: 'database' | 'temporal', variable: string, home: string): FreshetError {
  const what = code === 'database' ? 'PostgreSQL' : 'Temporal server';
  return new FreshetError('config_error', {
    code: `no-${code}`,
    message: `There is no ${what} to talk to`,
    why: `${variable} is not set, and no embedded ${what} runs in ${home}.`,
    remedy: `Start the embedded stack in another terminal, or set ${variable}.`,
    where: variable,
    next: [START],
  });
}
