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
import type { Sources } from '../../src/run/run-config';
import { runLocal } from '../../src/run/run-local';
import { sourceClients } from '../../src/run/source-clients';
import { Steps } from '../../src/run/steps';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox';
import { startLegacy4dSandbox, type Legacy4dOptions, type Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { startSquareSandbox, type SquareSandbox, type SquareSandboxOptions } from '../../src/sandbox/square';
import { sources } from '../../src/sources';
import type { Source, SourceConnection } from '../../src/sources/source';
import { SquareClient } from '../../src/sources/square/client';
import { square } from '../../src/sources/square/definition';
import { squareSettings } from '../../src/sources/square/settings';
import { testContext } from './test-context';
import { zohoVariables } from './zoho-variables';

/** freshet with everything real but Temporal: PostgreSQL, files, HTTP, and the sandbox as the source. */
export interface InstallationOf<S> {
  readonly sandbox: S;
  readonly db: Database;
  readonly landing: FileStore;
  readonly steps: Steps;
  /** The steps as another process has them, with nothing remembered. */
  another(): Steps;
  readonly loaded: LoadedSettings;
  readonly folder: string;
  /** The one that its runs are of. */
  readonly pipeline: string;
  readonly ctx: StageContext;
  claim(wish?: Partial<RunWish>): Promise<string>;
  /** Claims a run of the installation's pipeline and carries it to its end in this process. */
  run(wish?: Partial<RunWish>, ctx?: StageContext): Promise<{ runId: string; state: RunState }>;
  close(): Promise<void>;
}

export type Installation = InstallationOf<Sandbox>;

export interface InstallationOptions {
  readonly databaseUrl: string;
  readonly sandbox?: Partial<SandboxOptions>;
  readonly pipeline?: string;
  readonly sources?: Sources;
  /** Reads of the source leave rows alone that it has no more: the test lets loads of their sessions delete them. */
  readonly readsDelete?: false;
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
  return assemble({ ...options, variables: { ...zohoVariables(sandbox), ...options.variables } }, sandbox);
}

export interface SquareOptions extends Omit<InstallationOptions, 'sandbox'> {
  /** Smaller than Square's, so that few records make several pages. */
  readonly pageSize?: number;
  readonly sandbox?: Partial<SquareSandboxOptions>;
}

export async function installSquare(options: SquareOptions): Promise<InstallationOf<SquareSandbox>> {
  const counts = { locations: 3, items: 12, categories: 4, orders: 60 };
  const sandbox = await startSquareSandbox({ seed: 1, counts, ...options.sandbox });
  const variables = {
    SQUARE_TEST_BASE_URL: sandbox.baseUrl,
    SQUARE_TEST_ACCESS_TOKEN: sandbox.accessToken,
    SQUARE_TEST_CALLS_PER_MINUTE: '1000000',
  };
  const { pageSize } = options;
  const open = (connection: SourceConnection): SquareClient => new SquareClient(squareSettings(connection), pageSize);
  return assemble(
    {
      pipeline: 'square',
      ...options,
      sources: options.sources ?? { ...sources, square: { ...square, open } },
      variables: { ...variables, ...options.variables },
    },
    sandbox,
  );
}

export async function installLegacy4d(
  options: Omit<InstallationOptions, 'sandbox'> & { readonly sandbox?: Partial<Legacy4dOptions> },
): Promise<InstallationOf<Legacy4dSandbox>> {
  const counts = { Artikel_Kategorie: 6, Artikel_Familie: 20, Artikel_Variante: 60, Auftrag: 2 };
  const sandbox = await startLegacy4dSandbox({ seed: 1, counts, ...options.sandbox });
  const { user, password } = sandbox.credentials;
  const variables = {
    PYERP_TEST_BASE_URL: sandbox.baseUrl,
    PYERP_TEST_USERNAME: user,
    PYERP_TEST_PASSWORD: password,
    PYERP_TEST_CALLS_PER_MINUTE: '1000000',
  };
  return assemble({ pipeline: 'pyerp-products', ...options, variables: { ...variables, ...options.variables } }, sandbox);
}

/** `variables` lead to the sandbox. */
async function assemble<S extends { close(): Promise<void> }>(
  options: Omit<InstallationOptions, 'sandbox'>,
  sandbox: S,
): Promise<InstallationOf<S>> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-installation-'));
  const loaded = loadSettings({
    cwd: ROOT,
    env: {
      FRESHET_ENV: 'test',
      FRESHET_HOME: folder,
      FRESHET_REPORTS_PATH: join(folder, 'reports'),
      FRESHET_SOURCE_ENVIRONMENT: 'test',
      DATABASE_URL: options.databaseUrl,
      ...options.variables,
    },
    sourceTypes: Object.keys(sources),
  });
  const registry: Sources = options.sources ?? sources;
  const fault = (options.faults ?? noFaults).fault;
  const ctx = testContext({ fault, ...(options.now === undefined ? {} : { now: options.now }) });
  const db = openDatabase({ url: options.databaseUrl, poolSize: 6 });
  const landing = new FileStore(loaded.settings.landing.path, fault);
  const clients = sourceClients(db, loaded);
  const deps = { db, landing, clients, reportsFolder: loaded.settings.reports.path };
  const steps = new Steps({ ...deps, sources: registry });
  const reading = options.readsDelete === false ? new Steps({ ...deps, sources: withoutDeletes(registry) }) : steps;

  const { pipeline = 'zoho-books' } = options;
  const claim = async (wish: Partial<RunWish> = {}): Promise<string> => {
    const { request } = claimRequest(loaded, sources, { pipeline, actor: 'test', ...wish });
    const claimed = await claimRun(db, request, ctx);
    if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
    return claimed.runId;
  };
  return {
    sandbox,
    db,
    landing,
    steps,
    another: () => new Steps({ ...deps, sources: registry }),
    loaded,
    folder,
    pipeline,
    ctx,
    claim,
    async run(wish = {}, runCtx = ctx) {
      const { request } = claimRequest(loaded, sources, { pipeline, actor: 'test', ...wish });
      const claimed = await claimRun(db, request, ctx);
      if (claimed.kind === 'taken') throw new Error(`the lane is taken by ${claimed.activeRunId}`);
      return { runId: claimed.runId, state: await runLocal(reading, { runId: claimed.runId, plan: request.plan }, runCtx) };
    },
    async close() {
      await clients.close();
      await db.close();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function withoutDeletes(registry: Sources): Sources {
  const never = { kind: 'never' } as const;
  const kept = (source: Source): Source => ({
    ...source,
    entities: Object.fromEntries(Object.entries(source.entities).map(([name, entity]) => [name, { ...entity, deletes: never }])),
  });
  return Object.fromEntries(Object.entries(registry).map(([type, source]) => [type, kept(source)]));
}
