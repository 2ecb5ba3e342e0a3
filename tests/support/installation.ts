import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadSettings, type LoadedSettings } from '../../src/config/load-settings';
import { claimRun } from '../../src/database/claim';
import { openDatabase, type Database } from '../../src/database/database';
import type { RunState } from '../../src/domain/run';
import { FileStore } from '../../src/landing/file-store';
import { noFaults, type Faults } from '../../src/observability/faults';
import type { StageContext } from '../../src/observability/stage-context';
import { claimRequest, type RunWish } from '../../src/run/claim-request';
import { runLocal } from '../../src/run/run-local';
import { sourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox';
import { sources } from '../../src/sources';
import { testContext } from './test-context';
import { zohoVariables } from './zoho-variables';

/** freshet with everything real but Temporal: PostgreSQL, files, HTTP, and the sandbox as the source. */
export interface Installation {
  readonly sandbox: Sandbox;
  readonly db: Database;
  readonly landing: FileStore;
  readonly steps: Steps;
  readonly loaded: LoadedSettings;
  readonly folder: string;
  readonly ctx: StageContext;
  claim(wish?: Partial<RunWish>): Promise<string>;
  /** Claims a run of pipeline zoho-books and carries it to its end in this process. */
  run(wish?: Partial<RunWish>, ctx?: StageContext): Promise<{ runId: string; state: RunState }>;
  close(): Promise<void>;
}

export interface InstallationOptions {
  readonly databaseUrl: string;
  readonly sandbox?: Partial<SandboxOptions>;
  /** Settings by variable, such as FRESHET_SYNC_PIPELINE_BATCH_RECORDS. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly faults?: Faults;
  /** Our clock, movable; default the real one. */
  readonly now?: () => Date;
}

const ROOT = resolve(__dirname, '../..');

export async function install(options: InstallationOptions): Promise<Installation> {
  const sandbox = await startSandbox({
    seed: 1,
    counts: { contacts: 12, items: 12, invoices: 30 },
    callsPerMinute: 1_000_000,
    concurrent: 100,
    tokensPerTenMinutes: 1_000_000,
    ...options.sandbox,
  });
  const folder = mkdtempSync(join(tmpdir(), 'freshet-installation-'));
  const loaded = loadSettings({
    cwd: ROOT,
    env: {
      FRESHET_ENV: 'test',
      FRESHET_HOME: folder,
      FRESHET_REPORTS_PATH: join(folder, 'reports'),
      FRESHET_SOURCE_ENVIRONMENT: 'test',
      DATABASE_URL: options.databaseUrl,
      ...zohoVariables(sandbox),
      ...options.variables,
    },
    sourceTypes: Object.keys(sources),
  });
  const fault = (options.faults ?? noFaults).fault;
  const ctx = testContext({ fault, ...(options.now === undefined ? {} : { now: options.now }) });
  const db = openDatabase({ url: options.databaseUrl, poolSize: 6 });
  const landing = new FileStore(loaded.settings.landing.path, fault);
  const clients = sourceClients(db, loaded);
  const steps = new Steps({ db, landing, sources, clients, reportsFolder: loaded.settings.reports.path });

  const claim = async (wish: Partial<RunWish> = {}): Promise<string> => {
    const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'test', ...wish });
    const claimed = await claimRun(db, request, ctx);
    if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
    return claimed.runId;
  };
  return {
    sandbox,
    db,
    landing,
    steps,
    loaded,
    folder,
    ctx,
    claim,
    async run(wish = {}, runCtx = ctx) {
      const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'test', ...wish });
      const claimed = await claimRun(db, request, ctx);
      if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
      return { runId: claimed.runId, state: await runLocal(steps, { runId: claimed.runId, plan: request.plan }, runCtx) };
    },
    async close() {
      await clients.close();
      await db.close();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
