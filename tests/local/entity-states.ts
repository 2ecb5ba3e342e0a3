import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/database/database';
import type { Stand } from '../soak/stand';

/** What an entity's table shows: `id hash lines` of every living row, in order. */
type Shown = string;

const hashOf = (json: string): string =>
  createHash('sha256').update('freshet load 1\n').update(json).digest().subarray(0, 16).toString('hex');

function linesOf(json: string, field: string | null): number {
  const lines = field === null ? undefined : (JSON.parse(json) as Record<string, unknown>)[field];
  return Array.isArray(lines) ? lines.length : 0;
}

function shown(truth: ReadonlyMap<string, string>, field: string | null): Shown {
  const rows = [...truth].map(([id, json]) => `${id} ${hashOf(json)} ${linesOf(json, field)}`);
  return rows.sort().join('\n');
}

/** Fields whose arrays have a table of their own. */
export type LineFields = ReadonlyMap<string, string>;

/** What each table may show while a run brings it from one truth to the next: before, with everything new, and without what was deleted. */
export function allowedStates(
  lines: LineFields,
  before: ReadonlyMap<string, ReadonlyMap<string, string>>,
  after: ReadonlyMap<string, ReadonlyMap<string, string>>,
): ReadonlyMap<string, readonly Shown[]> {
  return new Map(
    [...before].map(([entity, from]) => {
      const to = after.get(entity)!;
      const field = lines.get(entity) ?? null;
      return [entity, [from, new Map([...from, ...to]), to].map((truth) => shown(truth, field))];
    }),
  );
}

/** Looks at all tables of a stand in one snapshot after the other, and keeps what it saw of each. */
export class StandReader {
  readonly seen = new Map<string, Set<Shown>>();
  looks = 0;
  private going = true;
  private readonly loop: Promise<void>;

  constructor(
    private readonly db: Database,
    private readonly stand: Stand,
    private readonly lines: LineFields,
  ) {
    this.loop = this.look();
  }

  /** After a look that began now or later. */
  async hasLooked(): Promise<void> {
    for (const enough = this.looks + 2; this.going && this.looks < enough;) await sleep(5);
  }

  async stop(): Promise<void> {
    this.going = false;
    await this.loop;
  }

  private async look(): Promise<void> {
    while (this.going) {
      const rows = await this.db.query<{ entity: string; row: string }>(this.statement());
      for (const { entity, row } of sorted(rows)) this.saw(entity, row);
      this.looks++;
    }
  }

  private saw(entity: string, state: Shown): void {
    const states = this.seen.get(entity) ?? new Set<Shown>();
    this.seen.set(entity, states.add(state));
  }

  private statement(): string {
    const { schema, entities } = this.stand;
    return entities
      .map((entity) => {
        const table = `"${schema}"."json_${entity}"`;
        const lines = this.lines.has(entity)
          ? `(select count(*) from "${schema}"."json_${entity}_line_items" l where l.parent_id = t.id and l.deleted_at is null)`
          : '0';
        return `select '${entity}' as entity, coalesce(string_agg(t.id || ' ' || encode(t.source_hash, 'hex') || ' ' || ${lines}, E'\\n'), '') as row
                  from ${table} t where t.deleted_at is null`;
      })
      .join(' union all ');
  }
}

/** In our order: the aggregate has none. */
function sorted(rows: readonly { entity: string; row: string }[]): { entity: string; row: Shown }[] {
  return rows.map(({ entity, row }) => ({ entity, row: row === '' ? '' : row.split('\n').sort().join('\n') }));
}
