import { resolve } from 'node:path';
import { loadSettings } from '../../src/config/load-settings';
import { openDatabase } from '../../src/database/database';
import { FileStore } from '../../src/landing/file-store';
import { faultsFrom } from '../../src/observability/faults';
import { SourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { OAuthTokens } from '../../src/database/oauth-tokens';
import { sources } from '../../src/sources';
import { loadOnce } from './load-once';
import { testContext } from '../support/test-context';

/** A process that loads the folder of its argument, with the faults of its variables. */
async function main(folder: string): Promise<void> {
  const loaded = loadSettings({ cwd: resolve(__dirname, '../..'), env: process.env, sourceTypes: Object.keys(sources) });
  const { fault } = faultsFrom(process.env, { environment: 'test' });
  const db = openDatabase({ url: process.env['DATABASE_URL']!, poolSize: 6 });
  try {
    const landing = new FileStore(loaded.settings.landing.path, fault);
    const clients = new SourceClients({ variables: {}, root: loaded.root, tokens: new OAuthTokens(db, { secretKey: undefined }) });
    const steps = new Steps({ db, landing, sources, clients, reportsFolder: loaded.settings.reports.path });
    const [run] = await loadOnce({ db, loaded, steps, ctx: testContext({ fault }) }, folder);
    process.stdout.write(run?.state ?? 'nothing');
  } finally {
    await db.close();
  }
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
