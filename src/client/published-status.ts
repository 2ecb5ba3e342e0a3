import type { Database } from '../database/database';
import { COUNTS, type PublishCounts } from '../domain/publish-ledger';
import { iso } from '../report/entity-facts';
import { isThere, publishCounts } from '../report/published-facts';
import { publishedMoves } from '../report/published-words';
import { count } from '../report/words';
import type { EntityStatus } from './status-facts';
import { textTable } from './text-table';

/** A typed table as it stands. Instants are ISO text in UTC. */
export interface PublishedStatus {
  /** `schema.table` */
  readonly table: string;
  /** When a publish last came to its end; null: none did yet. */
  readonly published_at: string | null;
  /** What waits for a person, or for rows of other tables, and what is refused: now, whichever run found it. */
  readonly conflicts: number;
  readonly pending: number;
  readonly rejects: number;
  readonly warnings: number;
  /** Fields that a person pinned. */
  readonly overrides: number;
  /** What the last run did that published; null before the first. */
  readonly last: (PublishCounts & { readonly run_id: string; readonly full_reason: string | null }) | null;
}

const STANDING = ['conflicts', 'pending', 'rejects', 'warnings', 'overrides'] as const;

type Row = Readonly<Record<(typeof STANDING)[number], string>> &
  Pick<PublishedStatus, 'table' | 'published_at'> & { readonly pipeline: string; readonly entity: string };

type LastRow = Readonly<Record<keyof PublishCounts, string>> & {
  readonly pipeline: string;
  readonly entity: string;
  readonly run_id: string;
  readonly full_reason: string | null;
};

const LAST = `select t.pipeline, t.entity, l.* from freshet.published_table t cross join lateral (
    select l.run_id, l.full_reason, ${COUNTS.map((name) => `l.${name}`).join(', ')}
      from freshet.publish_ledger l join freshet.run r on r.id = l.run_id
     where r.pipeline = t.pipeline and l.entity = t.entity order by l.started_at desc limit 1) l`;

function standingSql(warnings: boolean): string {
  const of = 'x.pipeline = t.pipeline and x.entity = t.entity';
  return `select t.pipeline, t.entity, t.schema || '.' || t."table" as table, ${iso('t.published_at')} as published_at,
      (select count(*) from freshet.conflict x where ${of} and x.state = 'open') as conflicts,
      (select count(*) from freshet.publish_pending x where ${of} and x.kind in ('pending', 'override')) as pending,
      (select count(*) from freshet.reject x where ${of} and x.stage = 'publish' and x.closed_by_run is null) as rejects,
      ${warnings ? `(select count(*) from freshet.publish_warning x where ${of})` : '0'} as warnings,
      (select count(*) from freshet.publish_override x where ${of} and x.ended_at is null and (x.expires_at is null or x.expires_at > now())) as overrides
    from freshet.published_table t`;
}

/** The typed tables by pipeline and entity. A database that only an older version has worked on has none. */
export async function readPublishedStatus(db: Database): Promise<(pipeline: string, entity: string) => PublishedStatus | null> {
  if (!(await isThere(db, 'freshet.published_table'))) return () => null;
  const rows = await db.query<{ [Name in keyof Row]: Row[Name] }>(standingSql(await isThere(db, 'freshet.publish_warning')));
  const last = await db.query<{ [Name in keyof LastRow]: LastRow[Name] }>(LAST);
  return (pipeline, entity) => {
    const mine = (row: { readonly pipeline: string; readonly entity: string }): boolean =>
      row.pipeline === pipeline && row.entity === entity;
    const row = rows.find(mine);
    if (row === undefined) return null;
    const { table, published_at: at } = row;
    const standing = Object.fromEntries(STANDING.map((name) => [name, Number(row[name])])) as Record<(typeof STANDING)[number], number>;
    return { table, published_at: at, ...standing, last: lastOf(last.find(mine)) };
  };
}

function lastOf(row: LastRow | undefined): PublishedStatus['last'] {
  if (row === undefined) return null;
  const { pipeline: _, entity: __, run_id, full_reason, ...counts } = row;
  return { run_id, full_reason, ...publishCounts(counts) };
}

const COLUMNS = [
  { title: 'typed table' },
  { title: 'published (UTC)' },
  ...STANDING.map((title) => ({ title, right: true, spare: true })),
  { title: 'last time' },
];

/** The typed tables of a pipeline: what stands against them, and what the last run did. Empty where it has none. */
export function publishedStatusText(entities: readonly Pick<EntityStatus, 'published'>[]): string {
  const rows = entities.flatMap(({ published }) => {
    if (published === null) return [];
    const { table, published_at: at, last } = published;
    const moves = last === null ? '' : publishedMoves(last) || `${count(last.unchanged)} unchanged`;
    return [
      [table, at === null ? 'never' : `${at.slice(0, 10)} ${at.slice(11, 19)}`, ...STANDING.map((name) => count(published[name])), moves],
    ];
  });
  return rows.length === 0 ? '' : textTable(COLUMNS, rows, '  ');
}
