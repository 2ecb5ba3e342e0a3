import { z } from 'zod';

import { COMPONENTS, type Component } from '../../observability/catalogue';
import { LOG_LEVELS } from '../../observability/catalogue/entry';
import { databaseUrlSchema } from './database-url';
import { secretKeySchema } from './secret-key';
import { webhookUrlSchema } from './webhook-url';
import { bytesSchema, countSchema, durationSchema } from './units';

const path = () => z.string('a folder').min(1, 'a folder');
const duration = (text: string) => durationSchema().prefault(text);
const bytes = (text: string) => bytesSchema().prefault(text);
/** Below it not even a load of small records would move. */
const LEAST_MEMORY_LIMIT = 16 * 1_048_576;
const count = (value: number, least: number, most: number) => countSchema(least, most).default(value);

const onOff = () => z.boolean('true or false').default(true);

const level = z.enum(LOG_LEVELS);
const componentLevels = Object.fromEntries(Object.values(COMPONENTS).map((name) => [name, level.optional()])) as Record<
  Component,
  z.ZodOptional<typeof level>
>;

const database = z.strictObject({
  /** Absent: the embedded server is used. */
  url: databaseUrlSchema().optional(),
  pool: z.strictObject({ size: count(12, 2, 200), idle: duration('30s') }).prefault({}),
  timeouts: z.strictObject({ connect: duration('10s'), statement: duration('10m'), idle_in_transaction: duration('2m') }).prefault({}),
});

const temporal = z.strictObject({
  /** `host:port`; absent: the embedded server is used. TLS and API keys come from Temporal's own variables and profile file. */
  address: z
    .string('host:port')
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'host:port, such as 127.0.0.1:7233')
    .optional(),
  namespace: z.string('a namespace').min(1, 'a namespace').default('default'),
  /** Absent: `freshet-<environment>`. */
  task_queue: z.string('a task queue').min(1, 'a task queue').optional(),
});

const logging = z.strictObject({
  level: level.default('info'),
  components: z.strictObject(componentLevels).prefault({}),
  pretty: z.enum(['auto', 'always', 'never']).default('auto'),
});

const worker = z.strictObject({
  /** `chaos`: short timeouts for the kill tests; single values below still win. */
  profile: z.enum(['default', 'chaos']).default('default'),
  max_concurrent_activities: count(10, 1, 200),
  load_threads: count(1, 0, 16),
  shutdown_grace: duration('30s'),
  cached_workflows: count(0, 0, 10_000),
  sticky_timeout: duration('10s'),
  workflow_task_timeout: duration('10s'),
  heartbeat: z.strictObject({ timeout: duration('30s'), throttle: duration('1s') }).prefault({}),
  retry: z.strictObject({ first_interval: duration('1s'), max_interval: duration('60s') }).prefault({}),
});

const syncPipeline = z.strictObject({
  /** Used by `--cutoff-days` without a number. */
  default_cutoff_days: count(7, 1, 36_500),
  max_parallel_entities: count(3, 1, 100),
  /** An activity ends at whichever comes first. */
  slice: z.strictObject({ pages: count(500, 1, 100_000), seconds: count(60, 1, 3_600), bytes: bytes('64MiB') }).prefault({}),
  batch: z.strictObject({ records: count(100_000, 1, 100_000), bytes: bytes('256MiB'), detail_calls: count(1_000, 1, 1_000) }).prefault({}),
  /** Detail answers that make one page. */
  detail_page: count(25, 1, 25),
  full_every: duration('7d'),
  adopt_for: duration('48h'),
  /** Absent: until the next nominal time of the run's schedule, else 12 h. */
  give_up_after: durationSchema().optional(),
});

const monitor = z.strictObject({
  /** Between two rounds of healing and judging. */
  every: duration('15s'),
  worker_gone_after: duration('2m'),
  temporal_gone_after: duration('2m'),
  /** An active run whose workflow is gone, or closed, for so long is started again, or ended. */
  lost_after: duration('60s'),
  /** A nominal time without a run for so long was missed. */
  missed_after: duration('5m'),
  /** An active run without progress, its waits not counted. */
  stuck_after: duration('30m'),
});

/** Everything in `config/freshet.yaml` and its layers. Unknown keys are refused, defaults stand here and nowhere else. */
export const settingsSchema = z.strictObject({
  /** Folder of the embedded stack and of what freshet keeps on disk. Absent: `.freshet` beside package.json. */
  home: path().optional(),
  /** Which of a source's environments is read. */
  source_environment: z.enum(['live', 'test']).default('live'),
  /** Absent: stored access tokens are opened by the credentials they belong to alone (decision 0005). */
  secret_key: secretKeySchema().optional(),
  secret_key_file: z.string('a file').min(1, 'a file').optional(),
  database: database.prefault({}),
  temporal: temporal.prefault({}),
  /** Absent: `landing` inside home. */
  landing: z.strictObject({ path: path().optional() }).prefault({}),
  /** Absent: `reports` beside package.json. */
  reports: z.strictObject({ path: path().optional() }).prefault({}),
  logging: logging.prefault({}),
  worker: worker.prefault({}),
  sync_pipeline: syncPipeline.prefault({}),
  monitor: monitor.prefault({}),
  freshness: z
    .strictObject({
      /** For tables of pipelines with a schedule that name no limit of their own, and for tables loaded from files. Absent: see docs/freshness.md. */
      max_age: durationSchema().optional(),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      /** Alarms are posted here as JSON. Absent: they are logged and shown, nobody is told. */
      webhook_url: webhookUrlSchema().optional(),
    })
    .prefault({}),
  /** What runs leave out where it is off. */
  stages: z.strictObject({ extract: onOff(), load: onOff(), verify: onOff(), report: onOff(), notify: onOff() }).prefault({}),
  extract: z.strictObject({ cutoff_days: countSchema(1, 36_500).optional() }).prefault({}),
  load: z
    .strictObject({
      input: z.enum(['auto', 'sessions', 'consolidated', 'directory']).default('auto'),
      prefer_sessions: z.boolean('true or false').default(true),
      /** Folder that `load` reads. Absent: landing. */
      path: path().optional(),
      cutoff_days: count(30, 1, 36_500),
      session_max_age: count(24, 1, 87_600),
      batch_size: count(1_000, 1, 100_000),
      skip_table_creation: z.boolean('true or false').default(false),
      memory_limit: bytesSchema(LEAST_MEMORY_LIMIT).prefault('512MiB'),
      /** Rows that are gone from a complete read are deleted, unless both are exceeded. */
      deletes: z.strictObject({ max_count: count(100, 0, 1_000_000_000), max_percent: count(20, 0, 100) }).prefault({}),
    })
    .prefault({}),
});

/** What `worker.profile: chaos` sets beneath the files: the timeouts of the kill tests. */
export const CHAOS_PROFILE = {
  worker: {
    sticky_timeout: '1s',
    workflow_task_timeout: '2s',
    heartbeat: { timeout: '2s', throttle: '200ms' },
    retry: { first_interval: '100ms', max_interval: '1s' },
    shutdown_grace: '5s',
  },
} as const;

type Parsed = z.output<typeof settingsSchema>;

/** The settings of a process, complete: paths absolute, what depends on other settings filled in. Durations in ms, sizes in bytes. */
export type Settings = Omit<Parsed, 'home' | 'landing' | 'load' | 'reports' | 'temporal'> & {
  readonly environment: string;
  readonly home: string;
  readonly landing: { readonly path: string };
  readonly load: Parsed['load'] & { readonly path: string };
  readonly reports: { readonly path: string };
  readonly temporal: Parsed['temporal'] & { readonly task_queue: string };
};
