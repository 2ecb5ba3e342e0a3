import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import type { Ledger } from '../domain/ledger';
import type { EntityState, RunState } from '../domain/run';
import { zoneOf, type Schedule } from '../domain/schedule';
import { iso, readEntityFacts } from './entity-facts';
import { readPublished, type Published } from './published-facts';
import { readReconciled } from './reconciled-facts';

/** A run's own row. Instants are ISO text in UTC with microseconds; `null` where nothing happened yet. */
export interface RunHead {
  readonly id: string;
  readonly pipeline: string;
  readonly lane: string;
  readonly kind: string;
  readonly environment: string;
  readonly state: RunState;
  readonly config_digest: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly retry_of: string | null;
  readonly session_id: string | null;
  readonly reason: string | null;
  readonly error_type: string | null;
  readonly error_message: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  /** Zone of the pipeline's schedule, else UTC: in which the report tells until when is waited. */
  readonly timezone: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly cancel_requested_at: string | null;
  readonly report_path: string | null;
}

export interface Doubt {
  readonly kind: string;
  readonly message: string;
}

/** Who accepted the doubts about an entity of a run, when (ISO, UTC), and why. */
export interface DoubtsAccepted {
  readonly by: string;
  readonly at: string;
  readonly because: string;
}

/** A batch of this run; `counts` are the outcomes of its merge, null while it is not loaded. */
export interface BatchFacts {
  readonly key: string;
  readonly n: number;
  readonly state: string;
  readonly file: string;
  readonly sha256: string | null;
  readonly records: number;
  readonly bytes: number;
  readonly batch_no: string | null;
  readonly counts: Readonly<Record<string, unknown>> | null;
  readonly committed_at: string | null;
}

/** A record that was not taken, with every reason. */
export interface RejectFacts {
  readonly id: string;
  readonly stage: string;
  readonly record_id: string | null;
  readonly file: string | null;
  readonly offset: string | null;
  readonly length: string | null;
  readonly reasons: readonly unknown[];
}

/** One entity of a run, with everything that is known of it. */
export interface EntityFacts {
  readonly entity: string;
  readonly state: EntityState;
  readonly doubts: readonly Doubt[];
  /** A person accepted them; `null`: nobody did, or there are none. */
  readonly doubts_accepted: DoubtsAccepted | null;
  readonly held_reason: string | null;
  readonly skipped_reason: string | null;
  readonly error_type: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_remedy: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  readonly pages: number;
  /** To the source, counted by who sent them; tried again counts again. */
  readonly requests: number;
  readonly read_kind: string | null;
  readonly read_complete: boolean;
  readonly full_reason: string | null;
  readonly read_from: string | null;
  readonly extraction_id: string | null;
  readonly extraction_state: string | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly table: string;
  readonly ledger: Ledger;
  readonly batches: readonly BatchFacts[];
  /** The first `REJECTS_SHOWN` of them; `rejects_total` counts all. */
  readonly rejects: readonly RejectFacts[];
  readonly rejects_total: number;
  /** Of a load: files that were not loaded. */
  readonly bad_files: readonly BadFile[];
  /** Of a comparison with the source: what it found; `null` before that, and for runs of other kinds. */
  readonly reconciled: Reconciled | null;
  /** What the run made of it in its typed table; `null` where it published nothing of it. */
  readonly published: Published | null;
}

/** What a comparison of a table with its source found (decision 0015). */
export interface Reconciled {
  readonly fix: boolean;
  readonly from_day: string | null;
  readonly to_day: string | null;
  readonly at_source: number;
  readonly here: number;
  readonly missing: number;
  readonly older: number;
  readonly newer: number;
  readonly extra: number;
  /** Changed while it was read: no difference. */
  readonly moving: number;
  readonly deleted: number | null;
  /** Differences that were left when the entity was closed; `null` when it was not. */
  readonly left_over: number | null;
  readonly compared_at: string;
  /** The first `DAYS_SHOWN` that differ; `days_total` counts all. */
  readonly days: readonly ReconciledDay[];
  readonly days_total: number;
}

export interface ReconciledDay {
  /** UTC; empty where rows have no day. */
  readonly day: string;
  readonly missing: number;
  readonly older: number;
  readonly newer: number;
  readonly extra: number;
  /** Some ids, by class. */
  readonly samples: Readonly<Record<string, readonly string[]>>;
}

/** A file that is to blame itself. */
export interface BadFile {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Everything that the database says of a run: what the report, `run` and `show` tell comes from here and from nowhere else. */
export interface RunFacts {
  readonly run: RunHead;
  /** In the order of the run's plan. */
  readonly entities: readonly EntityFacts[];
}

const HEAD = `id, pipeline, lane, kind, environment, state, config_digest, command, actor, retry_of, session_id, reason, error_type, error_message,
  wait_reason, ${iso('wait_until')} as wait_until, ${iso('created_at')} as created_at, ${iso('started_at')} as started_at,
  ${iso('completed_at')} as completed_at, ${iso('cancel_requested_at')} as cancel_requested_at, report_path`;

/** Errors: `config_error` code `run-unknown`. */
export async function readRunFacts(db: Database, runId: string): Promise<RunFacts> {
  const [row] = await db.query<Omit<RunHead, 'timezone'> & { plan: readonly { entity: string }[] | null; schedule: Schedule | null }>(
    `select ${HEAD}, stats -> 'plan' as plan,
            (select spec from freshet.schedule s where s.environment = r.environment and s.pipeline = r.pipeline) as schedule
       from freshet.run r where id = $1`,
    [runId],
  );
  if (!row) throw runUnknown(runId);
  const { plan, schedule, ...head } = row;
  const run = { ...head, timezone: zoneOf(schedule) };
  const order = new Map((plan ?? []).map(({ entity }, index) => [entity, index]));
  const place = (entity: string): number => order.get(entity) ?? order.size;
  const reconciled = await readReconciled(db, run.id);
  const published = await readPublished(db, run.id);
  const entities = (await readEntityFacts(db, run)).map((facts) => ({
    ...facts,
    reconciled: reconciled.get(facts.entity) ?? null,
    published: published.get(facts.entity) ?? null,
  }));
  return { run, entities: entities.sort((a, b) => place(a.entity) - place(b.entity)) };
}

function runUnknown(runId: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'run-unknown',
    message: `There is no run ${runId}`,
    remedy: 'Copy the id from the list that `./freshet history` prints.',
    next: [{ kind: 'run-command', label: 'List the runs', command: './freshet history' }],
  });
}
