import type { Database } from '../../database/database';
import type { EntityState, RunState } from '../../domain/run';
import type { PublishCounts } from '../../domain/publish-ledger';
import { iso } from '../../report/entity-facts';
import { readPublished } from '../../report/published-facts';
import { terminalReader } from '../terminal-reader';
import { RateMeter } from './rate-meter';

const COUNTS = [
  'pages',
  'listed',
  'known',
  'fetched',
  'remaining',
  'landed',
  'inserted',
  'updated',
  'revived',
  'unchanged',
  'undone',
  'deleted',
  'rejected',
  'undetailed',
] as const;
export type LiveCount = (typeof COUNTS)[number];

/** One entity of a run that is watched. Instants are ISO text in UTC. */
export interface LiveEntity extends Readonly<Record<LiveCount, number>> {
  readonly entity: string;
  readonly state: EntityState;
  /** Entities whose data it needs first. */
  readonly dependsOn: readonly string[];
  readonly doubts: readonly { readonly message: string }[];
  readonly held_reason: string | null;
  readonly skipped_reason: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_remedy: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  /** Records a second: of the last seconds while it goes on, of all its time when it is final; null where nothing can be said. */
  readonly rate: number | null;
  /** What became of it in its typed table so far; null where nothing is published of it, or not yet. */
  readonly published: PublishCounts | null;
}

/** A run as the live views show it; `now` is the database's clock, so that ages are right whatever our own says. */
export interface LiveRun {
  readonly id: string;
  readonly pipeline: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly error_message: string | null;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
  readonly started_at: string;
  readonly completed_at: string | null;
  readonly report_path: string | null;
  readonly now: string;
  /** IANA zone of the terminal, in which times are told. */
  readonly zone: string;
  /** In the order of the run's plan. */
  readonly entities: readonly LiveEntity[];
}

const RUN = `
  select id, pipeline, state, reason, error_message, wait_reason, ${iso('wait_until')} as wait_until, ${iso('coalesce(started_at, created_at)')} as started_at,
         ${iso('completed_at')} as completed_at, report_path, ${iso('clock_timestamp()')} as now, coalesce(stats -> 'plan', '[]') as plan
    from freshet.run where id = $1`;

const ENTITIES = `
  select re.entity, re.state, re.doubts, re.held_reason, re.skipped_reason, re.error_code, re.error_message, re.error_remedy,
         re.wait_reason, ${iso('re.wait_until')} as wait_until, ${iso('re.started_at')} as started_at, ${iso('re.completed_at')} as completed_at,
         ${COUNTS.filter((name) => name !== 'remaining')
           .map((name) => `re.${name}`)
           .join(', ')},
         case when re.completed_at is not null then re.remaining
              else (select count(*) from freshet.detail_queue q where q.extraction_id = re.extraction_id and q.state = 'queued') end as remaining
    from freshet.run_entity re where re.run_id = $1 order by re.entity`;

interface Planned {
  readonly entity: string;
  readonly dependsOn?: readonly string[];
}

/** Reads a run again and again; between two readings it learns how fast it goes. */
export class LiveReader {
  private readonly rates = new RateMeter();

  constructor(
    private readonly db: Database,
    private readonly runId: string,
  ) {}

  /** Null: there is no such run. */
  async read(): Promise<LiveRun | null> {
    const [row] = await this.db.query<Omit<LiveRun, 'entities' | 'zone'> & { plan: readonly Planned[] }>(RUN, [this.runId]);
    if (row === undefined) return null;
    const { plan, ...run } = row;
    const rows = await this.db.query<Omit<LiveEntity, LiveCount | 'dependsOn' | 'rate' | 'published'> & Record<LiveCount, string>>(
      ENTITIES,
      [this.runId],
    );
    const published = await readPublished(this.db, this.runId);
    const place = new Map(plan.map(({ entity }, index) => [entity, index]));
    const entities = rows
      .map((entity) => {
        const counts = Object.fromEntries(COUNTS.map((name) => [name, Number(entity[name])])) as Record<LiveCount, number>;
        const dependsOn = plan.find((planned) => planned.entity === entity.entity)?.dependsOn ?? [];
        const known = { ...entity, ...counts, dependsOn, published: published.get(entity.entity) ?? null };
        return { ...known, rate: this.rates.rate(known, run.now) };
      })
      .sort((a, b) => (place.get(a.entity) ?? place.size) - (place.get(b.entity) ?? place.size));
    return { ...run, zone: terminalReader(run.now).zone, entities };
  }
}
