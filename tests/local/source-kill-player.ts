import { resolve } from 'node:path';
import { loadSettings, type LoadedSettings } from '../../src/config/load-settings';
import { claimRun, type ClaimRequest } from '../../src/database/claim';
import { openDatabase, type Database } from '../../src/database/database';
import { FileStore } from '../../src/landing/file-store';
import { faultsFrom } from '../../src/observability/faults';
import { claimRequest } from '../../src/run/claim-request';
import { runLocal } from '../../src/run/run-local';
import { sourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { undoRequest } from '../../src/run/undo-request';
import { sources as registered } from '../../src/sources';
import { smallPages } from '../soak/small-pages';
import { testContext } from '../support/test-context';

type Wish = Pick<Parameters<typeof claimRequest>[2], 'full' | 'entities' | 'compare'>;

/** `full`, `by change`, or `compare <entity>`: its table is compared with the source, and what differs is fetched. */
function wishOf(kind: string): Wish {
  const [word, entity] = kind.split(' ');
  if (word !== 'compare') return { full: kind === 'full' };
  return { full: false, entities: [entity ?? ''], compare: { fix: true, from: null, to: null } };
}

interface Played {
  readonly db: Database;
  readonly loaded: LoadedSettings;
  readonly pipeline: string;
}

/** The same, or `undo <run>`: what that run deleted is brought back. */
async function requestOf({ db, loaded, pipeline }: Played, kind: string): Promise<ClaimRequest> {
  const [word, runId] = kind.split(' ');
  if (word !== 'undo' || runId === undefined) return claimRequest(loaded, registered, { pipeline, actor: 'test', ...wishOf(kind) }).request;
  const rows = await db.query<{ entity: string }>(`select entity from freshet.run_entity where run_id = $1 and deleted > 0`, [runId]);
  return undoRequest(loaded, registered, { pipeline, runId, entities: rows.map(({ entity }) => entity), actor: 'test' });
}

/** A process that runs the pipeline of its argument once, with the faults of its variables. */
async function main(pipeline: string, kind: string): Promise<void> {
  const loaded = loadSettings({ cwd: resolve(__dirname, '../..'), env: process.env, sourceTypes: Object.keys(registered) });
  const { fault } = faultsFrom(process.env, { environment: 'test' });
  const sources = smallPages();
  const db = openDatabase({ url: process.env['DATABASE_URL']!, poolSize: 6 });
  const clients = sourceClients(db, loaded);
  try {
    const landing = new FileStore(loaded.settings.landing.path, fault);
    const steps = new Steps({ db, landing, sources, clients, reportsFolder: loaded.settings.reports.path });
    const request = await requestOf({ db, loaded, pipeline }, kind);
    const ctx = testContext({ fault });
    const claim = await claimRun(db, { ...request, command: { ...request.command, local: true } }, ctx);
    if (claim.kind === 'taken') throw new Error(`the lane is taken by ${claim.activeRunId}`);
    const state = await runLocal(steps, { runId: claim.runId, plan: request.plan }, ctx);
    const doubts = await db.query(`select entity, error_message, doubts from freshet.run_entity where run_id = $1`, [claim.runId]);
    if (state !== 'completed') throw new Error(`the run is ${state}: ${JSON.stringify(doubts)}`);
  } finally {
    await clients.close();
    await db.close();
  }
}

main(process.argv[2] ?? '', process.argv[3] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
