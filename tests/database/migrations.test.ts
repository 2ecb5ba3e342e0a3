import { ENTITY_TRANSITIONS, RUN_TRANSITIONS } from '../../src/domain/run';
import { openDatabase, type Database } from '../../src/database/database';
import { migrateToLatest } from '../../src/database/migrate';
import { MIGRATION_NAMES } from '../../src/database/migration-names';
import { testDatabase } from '../support/database';
import { withConnection } from '../../src/stack/postgres-connection';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 3 });
});
afterAll(() => db.close());

describe('the control schema', () => {
  it('is made once by twenty processes that migrate at the same time', async () => {
    await withConnection(database.url, (client) =>
      client.query('drop schema freshet cascade; drop schema freshet_stage cascade; drop schema if exists freshet_base cascade'),
    );
    const made = await Promise.all(Array.from({ length: 20 }, () => migrateToLatest(database.url)));
    expect(made.flat().sort()).toEqual([...MIGRATION_NAMES].sort());
    expect(await migrateToLatest(database.url)).toEqual([]);
  });

  it('has the transitions of the code, no more and no fewer', async () => {
    const rows = await db.query<{ machine: string; from_state: string; to_state: string }>('select * from freshet.transition');
    const moves = (machine: string, table: Readonly<Record<string, readonly string[]>>): string[] =>
      Object.entries(table).flatMap(([from, states]) => states.map((to) => `${machine} ${from} ${to}`));
    const inCode = [...moves('run', RUN_TRANSITIONS), ...moves('entity', ENTITY_TRANSITIONS)].sort();
    expect(rows.map((row) => `${row.machine} ${row.from_state} ${row.to_state}`).sort()).toEqual(inCode);
  });

  it('refuses to move a final run', async () => {
    await db.query(`insert into freshet.config (digest, body) values ('d', '{}')`);
    await db.query(
      `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state)
       values ('r1', 'k1', 'p', 'sync', 'sync', 'test', 'd', 'completed')`,
    );
    await expect(db.query(`update freshet.run set state = 'running' where id = 'r1'`)).rejects.toThrow(
      'run cannot move from completed to running',
    );
  });

  it('refuses a watermark that goes back, unless it is a reset', async () => {
    const set = (sort: number, reason: string): Promise<unknown> =>
      db.query(
        `insert into freshet.watermark (pipeline, entity, kind, text, sort, question, reason) values ('p', 'e', 'integer', $1::text, $2, 'q', $3)
         on conflict (pipeline, entity, partition) do update set text = excluded.text, sort = excluded.sort, reason = excluded.reason`,
        [String(sort), sort, reason],
      );
    await set(10, '');
    await expect(set(9, '')).rejects.toThrow('cannot go back from 10 to 9');
    await set(3, 'reset: the stamp went back');
    const history = await db.query<{ sort: string }>('select sort from freshet.watermark_history order by n');
    expect(history.map(({ sort }) => sort)).toEqual(['10', '3']);
  });

  it('takes one active run a pipeline and lane', async () => {
    const insert = (id: string, lane: string): Promise<unknown> =>
      db.query(
        `insert into freshet.run (id, request_key, pipeline, lane, kind, environment, config_digest, state)
         values ($1, $1, 'p', $2, 'sync', 'test', 'd', 'starting')`,
        [id, lane],
      );
    await insert('r2', 'sync');
    await insert('r3', 'backfill');
    await expect(insert('r4', 'sync')).rejects.toThrow('run_one_active_per_lane');
  });
});
