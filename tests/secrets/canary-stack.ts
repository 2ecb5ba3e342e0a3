import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { WORKER_READY } from '../../src/client/worker-part';
import { startSandbox, type Sandbox } from '../../src/sandbox';
import { withConnection } from '../../src/stack/postgres-connection';
import { testTemporal } from '../support/temporal';
import { until } from '../temporal/bench';
import { canary, plainCanary, type Canary } from './canary';
import { startEchoingSource, type EchoingSource } from './echoing-source';

const MAIN = resolve(__dirname, '../../dist/client/main.js');

/** Twelve secrets, each with its place. */
export function plantedCanaries() {
  return {
    clientId: canary('client id (environment)'),
    unrelated: canary('secret of another program (environment)'),
    secretKey: canary('key of the token table (.env)'),
    clientSecret: canary('client secret (file)'),
    refreshToken: canary('refresh token (file)'),
    databasePassword: canary('password of the database (URL)'),
    webhookPath: plainCanary('webhook (URL path)'),
    webhookKey: plainCanary('webhook (URL query)'),
    redirectToken: plainCanary('token in a redirect (URL in an answer)'),
    accessToken: plainCanary('access token (header)'),
    cookie: plainCanary('session cookie (header of answers)'),
    rotatedToken: canary('rotated refresh token (answer)'),
  };
}

export type Planted = Readonly<Record<keyof ReturnType<typeof plantedCanaries>, Canary>>;

export interface CanaryStack {
  readonly planted: Planted;
  /** Name of the pipeline: no secret, and planted beside them in every place. */
  readonly marker: string;
  readonly folder: string;
  readonly home: string;
  readonly reports: string;
  readonly sandbox: Sandbox;
  readonly source: EchoingSource;
  /** Everything that worker and commands said, by who said it. */
  readonly said: { worker: string; commands: string };
  /** How often the worker died by SIGKILL. */
  kills: number;
  startWorker(faults?: string): Promise<void>;
  freshet(...words: string[]): Promise<number | null>;
  close(): Promise<void>;
}

/** A role of its own whose password is a canary; it may do what the owner may. */
async function roleUrl(databaseUrl: string, password: string): Promise<string> {
  const name = `canary_${randomBytes(4).toString('hex')}`;
  await withConnection(databaseUrl, (client) => client.query(`create role ${name} superuser login password '${password}'`));
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = encodeURIComponent(password);
  return url.href;
}

function writeProject(folder: string, marker: string, source: EchoingSource, { clientSecret, refreshToken, secretKey }: Planted): void {
  mkdirSync(join(folder, 'config', 'pipelines'), { recursive: true });
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
  writeFileSync(join(folder, 'secrets', 'client-secret'), `${clientSecret.value}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'secrets', 'refresh-token'), refreshToken.value, { mode: 0o600 });
  writeFileSync(join(folder, '.env'), `FRESHET_SECRET_KEY=${secretKey.value}\n`, { mode: 0o600 });
  const credentials =
    '{ client_id: { env: CANARY_ID }, client_secret: { file: secrets/client-secret }, refresh_token: { file: secrets/refresh-token } }';
  writeFileSync(
    join(folder, 'config', 'sources.yaml'),
    `books:\n  type: zoho-books\n  environments:\n    live:\n      base_url: ${source.url}/books/v3\n      accounts_url: ${source.url}\n` +
      `      organization_id: { env: CANARY_ORGANIZATION }\n      limits: { requests_per_minute: 100000 }\n      credentials: ${credentials}\n`,
  );
  writeFileSync(
    join(folder, 'config', 'pipelines', `${marker}.yaml`),
    `name: ${marker}\nsource: books\nschedule: { every: 24h }\nfreshness: { max_age: 1s }\nentities:\n  contacts: {}\n  items: {}\n  invoices: { details: true }\n`,
  );
}

/** Settings, secrets and source of a project; nothing of whoever runs the tests. */
export async function openCanaryStack(databaseUrl: string): Promise<CanaryStack> {
  const planted = plantedCanaries();
  const marker = `marker-${randomBytes(4).toString('hex')}`;
  const sandbox = await startSandbox({
    seed: 5,
    counts: { contacts: 4, items: 4, invoices: 30 },
    callsPerMinute: 100_000,
    concurrent: 100,
  });
  const source = await startEchoingSource(sandbox, planted);
  const folder = mkdtempSync(join(tmpdir(), 'freshet-canaries-'));
  const [home, reports] = [join(folder, 'home'), join(folder, 'reports')];
  writeProject(folder, marker, source, planted);
  const url = await roleUrl(databaseUrl, planted.databasePassword.value);
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    FRESHET_ENV: 'development',
    FRESHET_SOURCE_ENVIRONMENT: 'live',
    FRESHET_HOME: home,
    FRESHET_REPORTS_PATH: reports,
    FRESHET_TEMPORAL_ADDRESS: testTemporal().address,
    FRESHET_TEMPORAL_TASK_QUEUE: marker,
    FRESHET_WORKER_PROFILE: 'chaos',
    FRESHET_LOGGING_LEVEL: 'debug',
    FRESHET_MONITOR_EVERY: '1s',
    FRESHET_ALERTS_WEBHOOK_URL: `${source.url}/hooks/${planted.webhookPath.value}?key=${planted.webhookKey.value}`,
    CANARY_ID: planted.clientId.value,
    CANARY_ORGANIZATION: sandbox.credentials.organizationId,
    AWS_SECRET_ACCESS_KEY: planted.unrelated.value,
  };
  const said = { worker: '', commands: '' };
  let worker: ChildProcess | undefined;
  const stack: CanaryStack = {
    ...{ planted, marker, folder, home, reports, sandbox, source, said, kills: 0 },
    async startWorker(faults) {
      // The URL as a flag, as people do; the other commands get it from the environment.
      const child = (worker = spawn(process.execPath, [MAIN, 'worker', '--database-url', url, '-vv'], {
        cwd: folder,
        env: { ...env, ...(faults === undefined ? {} : { FRESHET_FAULTS: faults }) },
        stdio: ['ignore', 'pipe', 'pipe'],
      }));
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (words: string) => (said.worker += words));
      const before = said.worker.length;
      child.once('exit', (_, signal) => (stack.kills += signal === 'SIGKILL' ? 1 : 0));
      await until(
        () => said.worker.includes(WORKER_READY, before) || child.exitCode !== null,
        40_000,
        async () => said.worker.slice(before),
      );
    },
    async freshet(...words) {
      const child = spawn(process.execPath, [MAIN, ...words], {
        cwd: folder,
        env: { ...env, DATABASE_URL: url },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said.commands += text));
      const [code] = (await once(child, 'close')) as [number | null];
      return code;
    },
    async close() {
      if (worker !== undefined && worker.exitCode === null && worker.signalCode === null) {
        const ended = once(worker, 'exit');
        worker.kill('SIGTERM');
        await ended;
      }
      await source.close();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stack;
}
