import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { loadOnce } from '../local/load-once';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { testContext } from '../support/test-context';
import { entityLookup } from '../../src/run/entity-lookup';
import { sources } from '../../src/sources';
import { readerOf } from '../verify/true-copy';
import { hostileFile, recordsIn } from './hostile-bench';

const database = testDatabase();
let at: Installation;
beforeAll(async () => void (at = await install({ databaseUrl: database.url })));
afterAll(() => at.close());

const HOSTILE = join(__dirname, '..', 'fixtures', 'hostile');

test('a folder of hostile files is loaded, every record is counted, and verify --deep finds the tables as the files say', async () => {
  const root = join(at.folder, 'hostile');
  mkdirSync(root);
  const names = readdirSync(HOSTILE);
  for (const name of names) cpSync(join(HOSTILE, name), join(root, name.replace('-', '_')));
  const keys = new Map(names.map((name) => [name.replace('-', '_').replace('.json', ''), ['id']]));
  const [run] = await loadOnce(at, root, { keys });
  expect(run!.state).toBe('completed');
  const ledger = await at.db.query<{ entity: string; landed: string; inserted: string; rejected: string }>(
    `select entity, landed, inserted, rejected from freshet.run_entity where run_id = $1 order by entity`,
    [run!.runId],
  );
  for (const { entity, landed, inserted, rejected } of ledger) {
    const sent = recordsIn(hostileFile(`${entity.replace('_', '-')}.json`)).length;
    expect([entity, Number(landed), Number(inserted) + Number(rejected)]).toEqual([entity, sent, sent]);
  }
  expect(ledger).toHaveLength(names.length);
  const verify = () => verifyDeep({ db: at.db, landing: at.landing, lookup: entityLookup(at.db, sources), readerOf }, {}, testContext());
  expect((await verify()).violations).toEqual([]);
  await at.db.query(`update public.json_numbers set n = 1 where id = 'huge'`);
  expect((await verify()).violations).not.toEqual([]);
});
