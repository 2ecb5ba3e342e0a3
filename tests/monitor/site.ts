import { randomBytes } from 'node:crypto';
import type { Database } from '../../src/database/database';
import { monitorRound, type MonitorDeps, type MonitorOptions, type Round } from '../../src/monitor/monitor';
import { createCollectingLog } from '../../src/observability/collecting-log';
import type { StageContext } from '../../src/observability/stage-context';
import { NOTHING_EXPECTED, type Expected } from '../../src/verify/freshness/limit';
import { testContext } from '../support/test-context';
import type { Webhook } from './webhook';

export const TICK_MS = 15_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

const LIMITS = { workerGoneAfter: 2 * MINUTE_MS, temporalGoneAfter: 2 * MINUTE_MS, stuckAfter: 30 * MINUTE_MS };

export interface SitePlace {
  readonly db: Database;
  readonly webhook: Webhook;
}

/** An environment of its own with one pipeline of one table, a clock that is moved, and no Temporal. */
export class Site {
  readonly name = `m${randomBytes(4).toString('hex')}`;
  readonly log = createCollectingLog();
  clock = new Date('2026-03-01T06:00:00Z');
  /** Of the table; `null`: nobody set one. */
  maxAge: number | null = 26 * HOUR_MS;

  /** Of the greatest date in its rows. */
  newestMaxAge: number | null = null;

  /** False: nobody is told. */
  hasWebhook = true;

  constructor(private readonly place: SitePlace) {}

  at(ms: number): this {
    this.clock = new Date(this.clock.getTime() + ms);
    return this;
  }

  context(overrides: Partial<StageContext> = {}): StageContext {
    return testContext({ log: this.log.log, now: () => this.clock, ...overrides });
  }

  private get expected(): Expected {
    const { maxAge, newestMaxAge } = this;
    return { ...NOTHING_EXPECTED, newestMaxAge, limit: maxAge === null ? null : { maxAge, from: 'entity', alarmAfter: maxAge } };
  }

  round(other: Partial<MonitorDeps> = {}, options: Partial<MonitorOptions> = {}): Promise<Round> {
    const { db, webhook } = this.place;
    const deps: MonitorDeps = {
      db,
      ctx: this.context(),
      reportsFolder: '/nowhere',
      temporal: () => Promise.resolve(null),
      maxAges: () => new Map([[this.name, { entities: new Map([['invoices', this.expected]]), otherwise: NOTHING_EXPECTED }]]),
    };
    return monitorRound(
      { ...deps, ...other },
      {
        environment: this.name,
        limits: LIMITS,
        missedAfter: 5 * MINUTE_MS,
        ...(this.hasWebhook ? { webhookUrl: webhook.url } : {}),
        ...options,
      },
    );
  }

  async read(asOf: Date): Promise<void> {
    await this.place.db.query(
      `insert into freshet.pipeline_entity (pipeline, entity, raw_schema, raw_table, as_of, as_of_db) values ($1, 'invoices', $1, 'json_invoices', $2, $2)
       on conflict (pipeline, entity) do update set as_of = excluded.as_of, as_of_db = excluded.as_of_db`,
      [this.name, asOf.toISOString()],
    );
  }

  /** Its table is stale already. */
  async stale(): Promise<this> {
    await this.read(new Date(this.clock.getTime() - 27 * HOUR_MS));
    return this;
  }

  async run(row: { state: string; progressAt?: Date; scheduledFor?: Date; reason?: string; createdAt?: Date }): Promise<string> {
    const id = `${this.name}-${randomBytes(4).toString('hex')}`;
    const { db } = this.place;
    await db.query(`insert into freshet.config (digest, body) values ('d', '{}') on conflict do nothing`);
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state, progress_at, scheduled_for, reason, created_at)
       values ($1, $1, $2, 'sync', 'sync', $2, 'd', $3, $4, $5, $6, $7)`,
      [
        id,
        this.name,
        row.state,
        (row.progressAt ?? this.clock).toISOString(),
        row.scheduledFor?.toISOString() ?? null,
        row.reason ?? null,
        (row.createdAt ?? this.clock).toISOString(),
      ],
    );
    return id;
  }

  told(): string[] {
    return this.place.webhook.told(this.name);
  }

  /** The log's lines with this id. */
  said(id: string): string[] {
    return this.log.lines.filter((line) => line.id === id).map((line) => JSON.stringify(line));
  }
}

/** The classes of what a round raised. */
export function classes(round: Round): string[] {
  return round.raised.map((alarm) => alarm.class);
}
