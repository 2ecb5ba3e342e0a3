import { openDatabase } from '../../src/database/database';
import { OAuthTokens } from '../../src/database/oauth-tokens';
import { FileStore } from '../../src/landing/file-store';
import { faultsFrom } from '../../src/observability/faults';
import { SourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { sources } from '../../src/sources';
import { testContext } from '../support/test-context';
import { CHUNK, decideAll } from './publish-acts';
import { publishAll } from './publish-scenes';

/** A process that publishes the loaded run of its argument, or decides its conflicts, with the faults of its variables. */
async function main([act, runId]: readonly string[]): Promise<void> {
  const { DATABASE_URL: url, LANDING: landing, REPORTS: reportsFolder } = process.env;
  const { fault } = faultsFrom(process.env, { environment: 'test' });
  const db = openDatabase({ url: url!, poolSize: 6 });
  const ctx = testContext({ fault });
  try {
    const clients = new SourceClients({ variables: {}, root: '.', tokens: new OAuthTokens(db, { secretKey: undefined }) });
    const deps = { db, landing: new FileStore(landing!), sources, clients, reportsFolder: reportsFolder!, publishChunk: CHUNK };
    const problems = act === 'decide' ? await decideAll(db, ctx) : await publishAll({ steps: new Steps(deps), ctx }, runId!);
    if (problems.length > 0) throw new Error(problems.join('; '));
  } finally {
    await db.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
