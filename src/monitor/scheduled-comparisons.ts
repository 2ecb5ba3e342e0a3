import { compareSides, type CompareDeps } from '../compare/compare-sides';
import { comparisonOf } from '../compare/named-comparison';
import { recordOutcome, type Made } from '../compare/outcomes';
import { listComparisons, loadComparison } from '../config/comparison';
import { scheduleMeant } from '../config/schema/schedule';
import type { Database } from '../database/database';
import { isFreshetError } from '../domain/errors';
import { nextNominal, nominalTimes, type Schedule } from '../domain/schedule';
import type { StageContext } from '../observability/stage-context';

export interface ComparisonPlace {
  /** The monitor's own; what is compared has one of its own. */
  readonly db: Database;
  readonly ctx: StageContext;
  readonly environment: string;
  /** The project's folder. */
  readonly root: string;
  /** Opens a connection of its own for a comparison, which is closed after it. */
  readonly open: () => CompareDeps;
}

interface Claimed {
  readonly name: string;
  readonly nominal: Date;
  readonly claim: string;
}

/** Whoever claimed a comparison and died leaves it to another one after this; no comparison may take longer. */
const CLAIM_LASTS = '1 hour';
const LONGEST_MS = 50 * 60_000;
/** What this process's last round did not come to may be older: only the newest of the times that passed is served. */
const LOOK_BACK_MS = 35 * 86_400_000;

/**
 * Makes the comparisons that have a schedule, one at a time, beside the monitor's rounds (decision 0020): a round only claims what is due and
 * begins it. Of several processes one gets the claim.
 */
export class ScheduledComparisons {
  private running: Promise<void> | null = null;
  private under: { readonly claim: string; readonly stop: AbortController } | null = null;

  constructor(private readonly place: ComparisonPlace) {}

  /** Begins what is due, unless something is under way here. Gives its name, or null. */
  async begin(): Promise<string | null> {
    if (this.running !== null) return null;
    const scheduled = this.scheduled();
    await this.forgetOthers([...scheduled.keys()]);
    for (const [name, schedule] of scheduled) {
      const claimed = schedule === null ? null : await this.claim(name, schedule);
      if (claimed === null) continue;
      this.running = this.make(claimed).finally(() => (this.running = null));
      return name;
    }
    return null;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  /** Ends what is under way, in PostgreSQL too; it is claimed again once its claim is over. */
  async close(): Promise<void> {
    if (this.under === null) return;
    this.under.stop.abort();
    const { db } = this.place;
    await db
      .query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`, [nameOf(this.under.claim)])
      .catch((error: unknown) => this.place.ctx.log('MO-014', { step: 'end of a comparison', error }));
    await this.running;
  }

  /** Names with their schedules; `null`: its file cannot be read now, which is told and keeps its alarm as it is. */
  private scheduled(): Map<string, Schedule | null> {
    const { root, ctx } = this.place;
    const found = new Map<string, Schedule | null>();
    for (const name of listComparisons(root)) {
      try {
        const schedule = scheduleMeant(loadComparison(name, root).schedule);
        if (schedule !== null) found.set(name, schedule);
      } catch (error) {
        found.set(name, null);
        ctx.log('MO-024', { comparison: name, error });
      }
    }
    return found;
  }

  /** A comparison that is not scheduled any more has no alarm. */
  private async forgetOthers(names: readonly string[]): Promise<void> {
    const { db, environment } = this.place;
    await db.query(`delete from freshet.comparison where environment = $1 and name <> all ($2::text[])`, [environment, names]);
  }

  /** The newest time that passed since the last one that was served; a comparison that is seen for the first time begins with its next. */
  private async claim(name: string, schedule: Schedule): Promise<Claimed | null> {
    const { db, environment, ctx } = this.place;
    const now = ctx.now();
    const [known] = await db.query<{ served: string | null }>(
      `insert into freshet.comparison (environment, name, served_nominal) values ($1, $2, $3)
       on conflict (environment, name) do update set name = excluded.name returning served_nominal as served`,
      [environment, name, now.toISOString()],
    );
    const served = new Date(known?.served ?? now).getTime();
    if (nextNominal(schedule, served) > now.getTime()) return null;
    const nominal = nominalTimes(schedule, Math.max(served, now.getTime() - LOOK_BACK_MS), now.getTime()).at(-1);
    if (nominal === undefined) return null;
    const [claimed] = await db.query<{ claim: string }>(
      `update freshet.comparison set claim = gen_random_uuid(), claimed_until = now() + interval '${CLAIM_LASTS}'
        where environment = $1 and name = $2 and served_nominal < $3 and (claimed_until is null or claimed_until < now()) returning claim`,
      [environment, name, new Date(nominal).toISOString()],
    );
    return claimed === undefined ? null : { name, nominal: new Date(nominal), claim: claimed.claim };
  }

  private async make(claimed: Claimed): Promise<void> {
    const { ctx, db, environment } = this.place;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), LONGEST_MS);
    this.under = { claim: claimed.claim, stop };
    const startedAt = ctx.now();
    let own: CompareDeps | null = null;
    try {
      own = this.place.open();
      const result = await this.compared(own, claimed, { ...ctx, signal: stop.signal });
      const made: Made = { environment, name: claimed.name, actor: 'schedule', startedAt, endedAt: ctx.now(), result };
      // What was ended because this process ends is no outcome.
      if (stop.signal.aborted && ctx.now().getTime() - startedAt.getTime() < LONGEST_MS) return;
      await recordOutcome(db, made, claimed);
      ctx.log('MO-023', { comparison: claimed.name, outcome: 'message' in result ? result.message : `${result.new} new differences` });
    } catch (error) {
      ctx.log('MO-014', { step: `comparison ${claimed.name}`, error });
    } finally {
      clearTimeout(timer);
      this.under = null;
      await own?.db.close();
    }
  }

  private async compared(deps: CompareDeps, { name, claim }: Claimed, ctx: StageContext): Promise<Made['result']> {
    try {
      const comparison = comparisonOf(loadComparison(name, this.place.root));
      const acceptedOf = { environment: this.place.environment, name, now: ctx.now() };
      return await compareSides(deps, { comparison, acceptedOf, applicationName: nameOf(claim) }, ctx);
    } catch (error) {
      if (isFreshetError(error)) return { message: error.message, remedy: error.remedy };
      return {
        message: error instanceof Error ? error.message : String(error),
        remedy: `Make it by hand and look: ./freshet compare ${name} -v`,
      };
    }
  }
}

function nameOf(claim: string): string {
  return `freshet compare ${claim}`;
}
