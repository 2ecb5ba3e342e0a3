import type { Database } from '../../src/database/database';
import { ident } from '../../src/database/identifier';

/** Everything that publishing wrote, by table: rows as text, without ids that PostgreSQL draws and without the time of day. */
export type PublishedState = ReadonlyMap<string, readonly string[]>;

export interface Compared {
  /** Which run did it, and what each run counted, is compared too. */
  readonly byRun: boolean;
}

const DRAWN = ['id', 'since', 'started_at', 'created_at', 'published_at', 'changed_at', 'at', 'closed_at'];
const RUNS = ['run_id', 'closed_by_run'];

export async function publishedState(db: Database, pipeline: string, { byRun }: Compared): Promise<PublishedState> {
  const places = await db.query<{ id: string; schema: string; table: string }>(
    `select id, schema, "table" from freshet.published_table where pipeline = $1 order by schema, "table"`,
    [pipeline],
  );
  const state = new Map<string, readonly string[]>();
  for (const { id, schema, table } of places) {
    const label = `${schema}.${table}`;
    state.set(label, await lines(db, `select (to_jsonb(t) - array['created_at', 'updated_at', 'edited_at', 'deleted_at'])
      || jsonb_build_object('edited', edited_at is not null, 'deleted', deleted_at is not null) as row from ${ident(schema, table)} t`)); // prettier-ignore
    state.set(`base of ${label}`, await lines(db, `select to_jsonb(b) as row from ${ident('freshet_base', `t_${id}`)} b`));
    state.set(`columns of ${label}`, await lines(db, columnsSql(ident(schema, table))));
    state.set(`columns of the base of ${label}`, await lines(db, columnsSql(ident('freshet_base', `t_${id}`))));
    state.set(`constraints of ${label}`, await lines(db, `select to_jsonb(conname || ' ' || pg_get_constraintdef(oid)) as row from pg_constraint where conrelid = to_regclass('${ident(schema, table).replaceAll("'", "''")}') and contype <> 'n'`)); // prettier-ignore
  }
  const bases = await db.query<{ n: string }>(`select count(*) as n from pg_tables where schemaname = 'freshet_base'`);
  state.set('bases', [String(bases[0]?.n)]);
  const without = [...DRAWN, ...(byRun ? [] : RUNS)];
  for (const [name, sql] of Object.entries(CONTROL))
    state.set(
      name,
      await lines(db, `select to_jsonb(x) - array[${without.map((column) => `'${column}'`).join(', ')}] as row from (${sql}) x`),
    );
  if (byRun) state.set('publish_ledger', await lines(db, LEDGER));
  return state;
}

/** Times only tell whether there is one. */
const CONTROL: Readonly<Record<string, string>> = {
  published_table: 'select * from freshet.published_table',
  published_batch: 'select pipeline, entity, published_batch from freshet.pipeline_entity',
  conflict: `select pipeline, entity, record_id, unique_value, field, base_value, source_value, target_value, strategy, state, decision, value, actor,
                    run_id, ended_at is not null as ended from freshet.conflict`,
  reject: `select run_id, pipeline, entity, record_id, reasons, closed_by_run, closed_because from freshet.reject where stage = 'publish'`,
  publish_warning: 'select * from freshet.publish_warning',
  publish_pending: 'select pipeline, entity, record_id, kind, run_id from freshet.publish_pending',
  publish_override: 'select pipeline, entity, record_id, field, value, ended_at is not null as ended from freshet.publish_override',
  schema_change: 'select schema, "table", change, run_id from freshet.schema_change',
};

const LEDGER = `select to_jsonb(l) - array['started_at', 'completed_at'] || jsonb_build_object('completed', completed_at is not null) as row from freshet.publish_ledger l`;

function columnsSql(name: string): string {
  return `select to_jsonb(attname || ' ' || format_type(atttypid, atttypmod)) as row from pg_attribute
           where attrelid = to_regclass('${name.replaceAll("'", "''")}') and attnum > 0 and not attisdropped`;
}

async function lines(db: Database, sql: string): Promise<string[]> {
  const rows = await db.query<{ line: string }>(`select x.row::text as line from (${sql}) x`);
  return rows.map(({ line }) => line).sort();
}

/** Sentences about every row that is in one of the two only. */
export function differences(expected: PublishedState, held: PublishedState): string[] {
  return [...new Set([...expected.keys(), ...held.keys()])].flatMap((name) => {
    const [wanted, found] = [[...(expected.get(name) ?? [])], [...(held.get(name) ?? [])]];
    for (let n = found.length - 1; n >= 0; n--) {
      const place = wanted.indexOf(found[n]!);
      if (place < 0) continue;
      wanted.splice(place, 1);
      found.splice(n, 1);
    }
    return [...wanted.map((row) => `${name} lacks ${row}`), ...found.map((row) => `${name} has too much: ${row}`)];
  });
}
