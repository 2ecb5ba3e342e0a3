import { openDatabase, type Database } from '../../src/database/database';
import { testDatabase } from '../support/database';
import { HISTORY_DELETES, HISTORY_FIELDS, HISTORY_STRATEGIES } from './history';
import { playInSql } from './sql-histories';

const database = testDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase({ url: database.socketUrl, poolSize: 4 });
});
afterAll(() => db.close());

/** In CI 500 histories in all; PUBLISH_HISTORIES=100000 npx jest … plays so many. */
const histories = Math.ceil(Number(process.env['PUBLISH_HISTORIES'] ?? 504) / 14);
const seed = Number(process.env['PUBLISH_SEED'] ?? 20261123);

const cases = [
  ...HISTORY_STRATEGIES.flatMap((strategy) => HISTORY_DELETES.map((deletes) => ({ strategy, deletes, updateExisting: true }))),
  { strategy: 'source_wins', deletes: 'flag', updateExisting: false },
  { strategy: 'manual', deletes: 'delete', updateExisting: false },
];

it.each(cases)(
  'SQL merges as the reference does: $strategy, deletes: $deletes, update_existing: $updateExisting',
  async (rules) => {
    await playInSql({ db, rules: { fields: HISTORY_FIELDS, ...rules }, histories, seed });
  },
  600_000,
);
