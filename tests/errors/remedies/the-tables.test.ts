import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../src/database/database';
import { profileRecords } from '../../../src/json/profile';
import { prepareTables } from '../../../src/load/ddl';
import { documentOf, freshet, typed } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { testContext } from '../../support/test-context';
import { refusal, remedy, withVariables, type Told } from './remedy';

/** Tables that files made, and what the remedies say to do about them. */
const database = testDatabase();
let folder: string;
let files: string;
let restore: () => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-tables-'));
  files = join(folder, 'files');
  mkdirSync(files);
  restore = withVariables({
    DATABASE_URL: database.url,
    FRESHET_ENV: 'test',
    FRESHET_HOME: folder,
    FRESHET_REPORTS_PATH: join(folder, 'reports'),
  });
  writeFileSync(join(files, 'things.json'), '[{"id":1,"n":5}]');
  expect(documentOf(await freshet('load', '--dir', files, '--local', '--json'))).toMatchObject({ exit_code: 0 });
});
afterAll(() => {
  restore();
  rmSync(folder, { recursive: true, force: true });
});

const PLAIN = {
  cursor: null,
  version: null,
  lineItems: null,
  volatile: [],
  emptyIsNull: false,
  columns: {},
  lineItemColumns: {},
  settleMs: 0,
};

const unconfirmed = async (what: string): Promise<Told> => documentOf(await freshet('tables', what, 'things', '--json')).error;

remedy('confirm-needed', './freshet tables recreate … --confirm …', 'makes the tables anew', async (follow) => {
  expect(await follow(await unconfirmed('recreate'), typed)).toMatchObject({
    exit_code: 0,
    data: { outcome: 'recreated', tables: [{ rows: 1 }] },
  });
});

remedy('confirm-needed', './freshet tables restore … --confirm …', 'puts the old ones back', async (follow) => {
  expect(await follow(await unconfirmed('restore'), typed)).toMatchObject({ exit_code: 0, data: { outcome: 'restored' } });
  const db = openDatabase({ url: database.url, poolSize: 1 });
  expect(await db.query('select id, n from json_things')).toEqual([{ id: '1', n: '5' }]);
  await db.close();
});

remedy(
  'view-blocks-widening',
  './freshet tables recreate … --confirm …',
  'widens the column around the view, and what was held goes in',
  async (follow) => {
    const db = openDatabase({ url: database.url, poolSize: 2 });
    try {
      await db.query('create view public.n_of_things as select n from public.json_things');
      writeFileSync(join(files, 'things.json'), '[{"id":2,"n":"many"}]');
      expect(await typed(['load', '--dir', files, '--local'])).toMatchObject({ data: { entities: [{ state: 'held' }] } });
      const definition = { ...PLAIN, key: ['id'] as [string] };
      const target = { pipeline: 'json2db', entity: 'things', schema: 'public', table: 'json_things', definition, runId: '' };
      const profile = profileRecords([Buffer.from('{"id":2,"n":"many"}')], null);
      const error = await refusal(() => prepareTables({ db, fence: null, target, profile, create: false }, testContext()));
      const types = [{ column: 'n', from: 'bigint', to: 'text' }];
      expect(await follow(error, typed)).toMatchObject({ exit_code: 0, data: { tables: [{ types }], views: ['public.n_of_things'] } });
      expect(await typed(['load', '--dir', files, '--local'])).toMatchObject({ exit_code: 0 });
      expect(await db.query('select n from public.n_of_things order by 1')).toEqual([{ n: '5' }, { n: 'many' }]);
    } finally {
      await db.close();
    }
  },
);

remedy(
  'tables-incomplete',
  './freshet tables ddl … --session …',
  'prints statements that psql takes; then the same load goes through',
  async (follow) => {
    const db = openDatabase({ url: database.url, poolSize: 2 });
    const own = join(folder, 'own');
    mkdirSync(own);
    writeFileSync(join(own, 'parcels.json'), '[{"parcel_id":1,"n":5,"lines":[{"a":1}]}]');
    const load = ['load', '--dir', own, '--local', '--skip-table-creation'];
    try {
      const { exit_code: code, data } = await typed(load);
      expect(code).toBe(1);
      const [{ error_code: told, error_remedy: text }] = data.entities;
      const printed = await follow({ code: told, remedy: text }, (words) => freshet(...words));
      expect(printed).toMatchObject({ code: 0, stderr: '' });
      await db.query(printed.stdout);
      expect(await typed(load)).toMatchObject({ exit_code: 0, data: { entities: [{ ledger: { inserted: 1 } }] } });
      expect(await db.query('select id, n from public.json_parcels')).toEqual([{ id: '1', n: '5' }]);
    } finally {
      await db.close();
    }
  },
);

it('says what would be done without consent, and refuses another name, a table that is not there and files of another pipeline', async () => {
  expect(await typed(['tables', 'recreate', 'things', '--dry-run'])).toMatchObject({ exit_code: 0, data: { outcome: 'planned' } });
  expect(await typed(['tables', 'recreate', 'things', '--confirm', 'thing'])).toMatchObject({
    exit_code: 2,
    error: { code: 'confirm-needed' },
  });
  expect(await typed(['tables', 'recreate', 'nothing', '--dry-run'])).toMatchObject({ exit_code: 2, error: { code: 'entity-unknown' } });
  writeFileSync(join(files, 'fresh.json'), '[{"fresh_id":1,"n":5,"lines":[{"a":1}]}]');
  const made = await freshet('tables', 'recreate', 'fresh', '--dir', files, '--confirm', 'fresh');
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout).toContain('The tables of fresh are made; there were none yet.\npublic.json_fresh: 0 rows\n  fresh_id: new, text');
  writeFileSync(join(files, 'things.json'), '[{"id":1,"n":"x","flag":true}]');
  const widened = await freshet('tables', 'recreate', 'things', '--dir', files, '--confirm', 'things');
  expect(widened.stdout).toContain('public.json_things: 2 rows\n  flag: new, boolean');
  expect(documentOf(await freshet('load', '--dir', files, '--local', '--json'))).toMatchObject({ exit_code: 0 });
});
