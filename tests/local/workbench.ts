import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freezeSettings } from '../../src/config/freeze';
import { loadSettings, type LoadedSettings } from '../../src/config/load-settings';
import { pipelineFileSchema } from '../../src/config/schema/pipeline-file';
import { claimRun } from '../../src/database/claim';
import type { Database } from '../../src/database/database';
import type { RunState } from '../../src/domain/run';
import { FileStore } from '../../src/landing/file-store';
import { noFaults, type Faults } from '../../src/observability/faults';
import { silentLog } from '../../src/observability/collecting-log';
import { Secret } from '../../src/observability/secret';
import type { StageContext } from '../../src/observability/stage-context';
import { runLocal } from '../../src/run/run-local';
import { systemClock } from '../../src/http/clock';
import { SourceClients } from '../../src/run/source-clients';
import { memoryTokenStore } from '../../src/sources/token-store';
import { Steps } from '../../src/run/steps';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox';
import { ZohoClient } from '../../src/sources/zoho-books/client';
import { zohoBooks } from '../../src/sources/zoho-books/definition';
import { ENDPOINTS, type Endpoint } from '../../src/sources/zoho-books/endpoints';
import type { Source } from '../../src/sources/source';
import { testContext } from '../support/test-context';
import { sourceTypes } from '../../src/sources';

const ROOT = resolve(__dirname, '../..');
/** Files in memory where the system has a place for them: hundreds of schedules write and sync thousands of small ones. */
const FOLDERS = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A pipeline of its own over one entity and one sandbox, so that any number of them share a database. */
export interface Workbench {
  readonly sandbox: Sandbox;
  readonly db: Database;
  readonly landing: FileStore;
  readonly steps: Steps;
  readonly ctx: StageContext;
  readonly pipeline: string;
  readonly schema: string;
  readonly table: string;
  claim(wish?: RunOptions): Promise<string>;
  /** Carries a claimed run to its end in this process. */
  carry(runId: string, ctx?: StageContext): Promise<Ended>;
  run(wish?: RunOptions, ctx?: StageContext): Promise<Ended>;
  /** Removes raw tables and files; the control rows stay. */
  close(): Promise<void>;
}

export interface Ended {
  readonly runId: string;
  readonly state: RunState;
}

export interface RunOptions {
  readonly full?: boolean;
}

export interface WorkbenchOptions {
  readonly db: Database;
  /** Distinct within the database; lower-case letters, digits, hyphens. */
  readonly name: string;
  readonly sandbox: Partial<SandboxOptions>;
  readonly pageSize: number;
  readonly lagSeconds: number;
  readonly concurrent: number;
  readonly detailPage?: number;
  readonly detailCallsPerBatch?: number;
  readonly now?: () => Date;
  readonly faults?: Faults;
}

const ENTITY = 'invoices';

/** The same for all sandboxes, as secrets once: the redaction looks for every secret that the process ever had. */
const CREDENTIALS = { clientId: '1000.WORKBENCH', clientSecret: 'workbench-client-secret', refreshToken: '1000.workbench.refresh' };
const SECRETS = {
  clientId: new Secret(CREDENTIALS.clientId),
  clientSecret: new Secret(CREDENTIALS.clientSecret),
  refreshToken: new Secret(CREDENTIALS.refreshToken),
};

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const sandbox = await startSandbox({
    seed: 1,
    counts: { contacts: 2, items: 2, invoices: 10 },
    callsPerMinute: 1_000_000,
    tokensPerTenMinutes: 1_000_000,
    concurrent: 100,
    freeze: true,
    ...CREDENTIALS,
    ...options.sandbox,
  });
  const folder = mkdtempSync(join(FOLDERS, 'freshet-workbench-'));
  const fault = (options.faults ?? noFaults).fault;
  const { db } = options;
  const ctx = testContext({ fault, log: silentLog, ...(options.now === undefined ? {} : { now: options.now }) });
  const sources = { [zohoBooks.type]: smallPages(sandbox, options) };
  const clients = new SourceClients({ variables: {}, root: folder, tokens: memoryTokenStore(systemClock) });
  const landing = new FileStore(join(folder, 'landing'), fault);
  const steps = new Steps({ db, landing, sources, clients, reportsFolder: folder });
  const request = claimParts(sandbox, options);
  const target = request.targets.get(ENTITY)!;
  const claim = async (wish: RunOptions = {}): Promise<string> => {
    const full = wish.full === true;
    const claimed = await claimRun(db, { ...request, requestKey: randomUUID(), kind: full ? 'full' : 'sync', command: { full } }, ctx);
    if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
    return claimed.runId;
  };
  const carry = async (runId: string, runCtx: StageContext = ctx): Promise<Ended> => ({
    runId,
    state: await runLocal(steps, { runId, plan: request.plan }, runCtx),
  });
  return {
    sandbox,
    db,
    landing,
    steps,
    ctx,
    pipeline: options.name,
    ...target,
    claim,
    carry,
    run: async (wish = {}, runCtx = ctx) => carry(await claim(wish), runCtx),
    async close() {
      await clients.close();
      await sandbox.close();
      await db.query(`drop schema if exists "${target.schema}" cascade`);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Zoho Books with a page size of the test's choosing; everything else is the product's. */
function smallPages(sandbox: Sandbox, { pageSize, concurrent }: WorkbenchOptions): Source {
  const entity: Endpoint['entity'] = { ...zohoBooks.entities.invoices, paging: { kind: 'number', pageSize } };
  const endpoints = new Map([[ENTITY, { ...ENDPOINTS.get(ENTITY)!, entity }]]);
  const settings = {
    ...SECRETS,
    baseUrl: sandbox.baseUrl,
    accountsUrl: sandbox.accountsUrl,
    organizationId: sandbox.credentials.organizationId,
    limits: { requestsPerMinute: 1_000_000, concurrent },
  };
  return { ...zohoBooks, entities: { [ENTITY]: entity }, open: () => new ZohoClient(settings, endpoints) };
}

let loaded: LoadedSettings | undefined;

function testSettings(): LoadedSettings['settings'] {
  loaded ??= loadSettings({ cwd: ROOT, env: { FRESHET_ENV: 'test', FRESHET_SOURCE_ENVIRONMENT: 'test' }, sourceTypes });
  return loaded.settings;
}

function claimParts(sandbox: Sandbox, options: WorkbenchOptions) {
  const { name, lagSeconds, concurrent } = options;
  const settings = testSettings();
  const batch = { ...settings.sync_pipeline.batch, detail_calls: options.detailCallsPerBatch ?? 1_000 };
  const config = freezeSettings({
    settings: { ...settings, sync_pipeline: { ...settings.sync_pipeline, batch, detail_page: options.detailPage ?? 25 } },
    source: {
      key: name,
      type: zohoBooks.type,
      environment: 'test',
      base_url: sandbox.baseUrl,
      accounts_url: sandbox.accountsUrl,
      organization_id: sandbox.credentials.organizationId,
      credentials: {},
      limits: { requests_per_minute: 1_000_000, concurrent },
      timeouts: loaded!.sources['zoho-books']!.timeouts,
    },
    pipeline: pipelineFileSchema.parse({ name, source: name, entities: { [ENTITY]: { incremental: { lag: `${lagSeconds}s` } } } }),
  });
  return {
    pipeline: name,
    lane: 'sync' as const,
    environment: 'test',
    config,
    plan: [{ entity: ENTITY, dependsOn: [], priority: 'medium' as const }],
    account: `${zohoBooks.type} test ${sandbox.credentials.organizationId}`,
    targets: new Map([[ENTITY, { schema: name.replace(/-/g, '_'), table: `json_${ENTITY}` }]]),
    actor: 'test',
  };
}
