import type { Database } from '../database/database';
import { ident } from '../database/identifier';
import { EMPTY_PROFILE, mergeProfiles, profileRecords, type Profile } from '../json/profile';
import { recordHash } from './batch-file';
import { NULL } from '../database/copy-text';
import { allowedProfile } from './schema-policy';
import { lowerAnswerJoin } from './lower-answer';
import type { LoadPolicy } from './load-policy';
import type { TableTarget } from './load-target';
import { outcomeSql } from './merge-sql';
import { RowReader, type LoadedRow } from './row';
import { NO_TABLES, planFrom, planTables, type TablesPlan } from './table-state';

/** What would become of records; `changes`: what the tables would need first, one sentence each. */
export interface DryCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly revived: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly skipped: number;
  readonly rejected: number;
}

export interface DryLoadTarget extends TableTarget {
  readonly zone: string;
  readonly policy: LoadPolicy;
  /** Of the entity as it is, one more where this read begins another. */
  readonly epoch: number;
  /** `false`: freshet never worked on this database. */
  readonly setUp: boolean;
}

const NOTHING: DryCounts = { inserted: 0, updated: 0, revived: 0, unchanged: 0, stale: 0, skipped: 0, rejected: 0 };

/** Turns records into rows and compares them with the table, as a load would, and writes nothing. */
export class DryLoad {
  private profile: Profile = EMPTY_PROFILE;
  private plan: TablesPlan | null = null;
  counts: DryCounts = NOTHING;

  constructor(
    private readonly db: Database,
    private readonly target: DryLoadTarget,
  ) {}

  /** One page of records. `fetchedAt`: ISO. Errors: `schema_error`, as the load would end with. */
  async take(records: readonly Buffer[], fetchedAt: string): Promise<void> {
    const { definition, zone, policy } = this.target;
    this.profile = mergeProfiles(this.profile, profileRecords(records, definition.lineItems?.field ?? null));
    const plan = await this.planned();
    this.plan = plan;
    const shape = { header: plan.header.columns, lines: plan.lines?.columns ?? null };
    const reader = new RowReader(shape, definition, zone, policy.rules);
    const read = records.map((bytes) => reader.read(bytes, fetchedAt, recordHash(bytes)));
    const rows = read.filter((row) => row.kind === 'row');
    const outcomes = plan.header.exists ? await this.outcomes(rows, fetchedAt) : { inserted: rows.length };
    this.count({ ...outcomes, rejected: read.length - rows.length });
  }

  /** Tables and columns that the load would make or widen. */
  changes(): string[] {
    const { plan, target } = this;
    if (plan === null) return [];
    if (!plan.header.exists) return [`makes ${target.schema}.${target.table}`];
    return [plan.header, ...(plan.lines === null ? [] : [plan.lines])].flatMap(({ table, added, widened }) => [
      ...added.map(({ name, type }) => `adds ${table}.${name} ${type}`),
      ...widened.map(({ column: { name, type }, from }) => `widens ${table}.${name} from ${from} to ${type}`),
    ]);
  }

  private async planned(): Promise<TablesPlan> {
    const { db, target, profile } = this;
    if (!target.setUp) return planFrom(NO_TABLES, target, profile);
    return planTables(db, target, await allowedProfile({ db, target, profile, policy: target.policy.schema }));
  }

  private async outcomes(rows: readonly LoadedRow[], fetchedAt: string): Promise<Partial<DryCounts>> {
    const { schema, table, pipeline, entity, epoch, policy } = this.target;
    const cells = (place: number): (string | null)[] => rows.map(({ header }) => (header[place] === NULL ? null : (header[place] ?? null)));
    const hashes = (place: number): string[] => cells(place).map((text) => (text ?? '').replace(/^\\\\x/, ''));
    const found = await this.db.query<{ outcome: keyof DryCounts; n: string }>(
      `select outcome, count(*) as n from (
         select ${outcomeSql(policy.skipExisting)} as outcome
           from (select u.id, u.source_instant, u.source_version, decode(u.source_hash, 'hex') as source_hash, decode(u.row_hash, 'hex') as row_hash,
                        $9::timestamptz as fetched_at
                   from unnest($4::text[], $5::timestamptz[], $6::numeric[], $7::text[], $8::text[]) u (id, source_instant, source_version, source_hash, row_hash)) s
           left join ${ident(schema, table)} t on t.id = s.id
           ${lowerAnswerJoin(2)}) o
        group by outcome`,
      [epoch, pipeline, entity, rows.map(({ id }) => id), cells(2), cells(3), hashes(5), hashes(6), fetchedAt],
    );
    return Object.fromEntries(found.map(({ outcome, n }) => [outcome, Number(n)]));
  }

  private count(more: Partial<DryCounts>): void {
    const sum = (name: keyof DryCounts): number => this.counts[name] + (more[name] ?? 0);
    this.counts = {
      inserted: sum('inserted'),
      updated: sum('updated'),
      revived: sum('revived'),
      unchanged: sum('unchanged'),
      stale: sum('stale'),
      skipped: sum('skipped'),
      rejected: sum('rejected'),
    };
  }
}
