import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database';
import { isFinalRun, type EntityState, type RunState } from '../domain/run';
import { iso } from '../report/entity-facts';
import { clock, count } from '../report/words';
import { shown } from './output';

export interface FollowOptions {
  readonly runId: string;
  readonly note: (line: string) => void;
  /** Ends the following, not the run. */
  readonly signal?: AbortSignal;
  /** Default 300 ms. */
  readonly everyMs?: number;
}

interface Progress {
  readonly entity: string;
  readonly state: EntityState;
  readonly listed: string;
  readonly fetched: string;
  readonly remaining: string;
  readonly landed: string;
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
}

/** Counts without a change of state are told at most this often. */
const TELL_EVERY_MS = 3_000;
/** The report comes right after the final state; a worker that died in between writes it when it is back. */
const REPORT_WITHIN_MS = 10_000;

interface Head {
  readonly state: RunState;
  readonly report_path: string | null;
}

/** Follows a run in PostgreSQL until it is final and reported, one line on each change and on each few seconds of progress. Returns the last state seen. */
export async function followRun(db: Database, { runId, note, signal, everyMs = 300 }: FollowOptions): Promise<RunState> {
  const teller = new Teller(note);
  let finalSince: number | null = null;
  for (;;) {
    const [run] = await db.query<Head>(`select state, report_path from freshet.run where id = $1`, [runId]);
    for (const entity of await db.query<Progress>(PROGRESS, [runId])) teller.tell(entity, Date.now());
    const { state, report_path }: Head = run ?? { state: 'failed', report_path: '' };
    if (isFinalRun(state)) finalSince ??= Date.now();
    const told = finalSince !== null && (report_path !== null || Date.now() - finalSince > REPORT_WITHIN_MS);
    if (told || signal?.aborted === true) return state;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

const PROGRESS = `
  select re.entity, re.state, re.listed, re.fetched, re.landed, re.wait_reason, ${iso('re.wait_until')} as wait_until,
         case when re.completed_at is not null then re.remaining
              else (select count(*) from freshet.detail_queue q where q.extraction_id = re.extraction_id and q.state = 'queued') end as remaining
    from freshet.run_entity re where re.run_id = $1 order by re.entity`;

/** Decides what is new enough for a line: a state or a wait at once, counts now and then. */
class Teller {
  private readonly before = new Map<string, { key: string; counts: string; at: number }>();

  constructor(private readonly note: (line: string) => void) {}

  tell(entity: Progress, now: number): void {
    const key = `${entity.state} ${entity.wait_reason ?? ''}`;
    const counts = countsOf(entity);
    const before = this.before.get(entity.entity);
    if (before === undefined && entity.state === 'waiting') return void this.before.set(entity.entity, { key, counts, at: now });
    const news = before?.key !== key || (before.counts !== counts && now - before.at >= TELL_EVERY_MS);
    if (!news) return;
    this.before.set(entity.entity, { key, counts, at: now });
    this.note(`${entity.entity.padEnd(12)} ${entity.state.padEnd(11)} ${counts}${waitOf(entity)}`.trimEnd());
  }
}

function countsOf({ listed, fetched, remaining, landed }: Progress): string {
  const parts = [
    ['listed', listed],
    ['fetched', fetched],
    ['to fetch', remaining],
    ['loaded', landed],
  ] as const;
  return parts
    .filter(([, value]) => Number(value) > 0)
    .map(([name, value]) => `${count(Number(value))} ${name}`)
    .join(', ');
}

function waitOf({ wait_reason, wait_until }: Progress): string {
  if (wait_reason === null) return '';
  return `  ${shown(wait_reason)}${wait_until === null ? '' : ` until ${clock(wait_until)}`}`;
}
