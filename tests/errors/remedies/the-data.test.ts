import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endRun, requestCancel } from '../../../src/database/run-store';
import { startSandbox } from '../../../src/sandbox';
import { documentOf, freshet, type Said } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';
import { refusal, remedy, withVariables, type Told } from './remedy';

/** Troubles of the data: a run in this process, on real tables and files, and what the remedies say to do about it. */
const database = testDatabase();
let at: Installation;
let restore: () => void;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 3 } } });
  restore = withVariables(at.loaded.variables);
  await at.run();
});
afterAll(async () => {
  restore();
  await at.close();
});

const typed = (words: readonly string[]): Promise<Said> => freshet(...words, '--json');
const run = async (...words: string[]): Promise<ReturnType<typeof documentOf>> =>
  documentOf(await typed(['run', 'zoho-books', '--local', ...words]));

/** What `verify --deep` says: its exit code, and its findings as one text. */
async function findings(words: readonly string[]): Promise<{ exit: number; text: string }> {
  const { data, exit_code: exit, error } = documentOf(await typed(words));
  return { exit, text: JSON.stringify(error ?? data.violations) };
}

/** The first entity's error of a run, as its row tells it. */
function entityError({ data }: ReturnType<typeof documentOf>): Told {
  const [failed] = data.entities.filter(({ error_code: code }: { error_code: string | null }) => code !== null);
  if (failed === undefined) throw new Error(`no entity failed: ${JSON.stringify(data)}`);
  return { code: failed.error_code, remedy: failed.error_remedy };
}

/** Contacts read anew into a run that is ended afterwards; `body` breaks something of it. */
async function halfARun(body: (step: { runId: string; entity: string }) => Promise<void>): Promise<void> {
  const step = { runId: await at.claim({ entities: ['contacts'], full: true }), entity: 'contacts' };
  try {
    await at.steps.prepareRun(step, at.ctx);
    at.sandbox.control.edit('contacts', 0);
    expect(await at.steps.extract(step, at.ctx)).toEqual({ outcome: 'done' });
    await body(step);
  } finally {
    await requestCancel(at.db, step.runId);
    await endRun(at.db, { runId: step.runId, state: 'cancelled' }, at.ctx);
  }
}

/** The newest batch of a read that goes on, and a way to write something else into its row. */
async function newestBatch(): Promise<{ key: string; file: string; set: (column: string, value: unknown) => Promise<void> }> {
  const [batch] = await at.db.query<{ key: string; file: string }>(
    `select b.key, b.file from freshet.batch b join freshet.extraction e on e.id = b.extraction_id where e.state = 'open' order by b.n desc`,
  );
  if (batch === undefined) throw new Error('no batch of an open read');
  const set = async (column: string, value: unknown): Promise<void> =>
    void (await at.db.query(`update freshet.batch set ${column} = $2 where key = $1`, [batch.key, value]));
  return { ...batch, set };
}

remedy(
  'database-error',
  './freshet verify --deep',
  'tells whether the data is clean, which a wrong statement leaves it',
  async (follow) => {
    const error = await refusal(() => at.db.query('select 1 / 0'));
    expect(await follow(error, findings)).toEqual({ exit: 0, text: '[]' });
  },
);

remedy('reject-budget', './freshet rejects list --entity …', 'shows what would be refused, and why', async (follow) => {
  const file = join(at.folder, 'strict.yaml');
  const rule =
    'reject_budget: { count: 0 }, validation: [{ field: contact_name, rule: length, max: 0, error_message: nobody has no name }]';
  const usual = readFileSync(join(__dirname, '../../../config/pipelines/zoho-books.yaml'), 'utf8');
  writeFileSync(file, usual.replace('contacts: { priority: high }', `contacts: { ${rule} }`));
  at.sandbox.control.edit('contacts', 0);
  const step = { runId: await at.claim({ pipeline: file, entities: ['contacts'], full: true }), entity: 'contacts' };
  await at.steps.prepareRun(step, at.ctx);
  await at.steps.extract(step, at.ctx);
  const { data } = await follow(await refusal(() => at.steps.load(step, at.ctx)), async (words) => documentOf(await typed(words)));
  expect(data.rejects).toMatchObject([{ stage: 'held', reasons: [{ message: 'nobody has no name' }] }]);
  await endRun(at.db, { runId: step.runId, state: 'cancelled' }, at.ctx);
});

describe('a batch that is not what its row says', () => {
  remedy('batch-does-not-add-up', './freshet verify --deep', 'tells which batch it is', (follow) =>
    halfARun(async (step) => {
      const { key, set } = await newestBatch();
      await set('records', 3);
      const error = await refusal(() => at.steps.load(step, at.ctx));
      expect(await follow(error, findings)).toEqual({ exit: 4, text: expect.stringContaining(key) });
      await set('records', 2);
    }),
  );

  remedy('landing-key-outside', './freshet verify --deep', 'is good again once the row is put back', (follow) =>
    halfARun(async (step) => {
      const { file, set } = await newestBatch();
      await set('file', '../../elsewhere.json');
      const error = await refusal(() => at.steps.load(step, at.ctx));
      expect(error.remedy).toContain(`file = '../../elsewhere.json'`);
      await set('file', file);
      expect(await follow(error, findings)).toEqual({ exit: 0, text: '[]' });
    }),
  );

  remedy('landing-file-missing', './freshet verify --deep', 'names the file that is gone', (follow) =>
    halfARun(async (step) => {
      const { file } = await newestBatch();
      const path = join(at.loaded.settings.landing.path, file);
      renameSync(path, `${path}.moved`);
      const error = await refusal(() => at.steps.load(step, at.ctx));
      expect(await follow(error, findings)).toEqual({ exit: 4, text: expect.stringContaining(file) });
      renameSync(`${path}.moved`, path);
    }),
  );
});

remedy(
  'extraction-unfinished',
  './freshet verify --deep',
  'tells what is there, and nothing is lost: loaded, the read is closed',
  (follow) =>
    halfARun(async (step) => {
      const batch = await newestBatch();
      await batch.set('state', 'planned');
      const error = await refusal(() => at.steps.close(step, at.ctx));
      expect((await follow(error, findings)).text).toMatch(/^\[/);
      await batch.set('state', 'published');
      await at.steps.load(step, at.ctx);
      expect(await at.steps.close(step, at.ctx)).toMatchObject({ doubts: 0 });
    }),
);

remedy('landing-file', './freshet verify --deep', 'names the files that went with their folder', async (follow) => {
  const root = at.loaded.settings.landing.path;
  const [folder] = (await at.landing.list('')).map((key) => key.split('/')[0]!);
  const moved = `${root}-moved`;
  renameSync(join(root, folder!), moved);
  symlinkSync('/no/such/disk', join(root, folder!));
  const error = await refusal(() => at.landing.claim(`${folder!}/a-session`));
  expect(await follow(error, findings)).toEqual({ exit: 4, text: expect.stringContaining(folder!) });
  unlinkSync(join(root, folder!));
  renameSync(moved, join(root, folder!));
  expect(await findings(['verify', '--deep'])).toEqual({ exit: 0, text: '[]' });
});

describe('a table that somebody changed by hand', () => {
  const gone = (): string => at.sandbox.control.idOf('invoices', 1);
  const withoutOne = async (): Promise<Told> => {
    await at.db.query('delete from zoho_books.json_invoices where id = $1', [gone()]);
    return entityError(await run('--entity', 'invoices'));
  };

  remedy('ledger-does-not-add-up', './freshet verify --deep', 'names the record', async (follow) => {
    expect(await follow(await withoutOne(), findings)).toEqual({ exit: 4, text: expect.stringContaining(gone()) });
  });

  remedy('ledger-does-not-add-up', '--full', 'brings the record back', async (follow) => {
    const again = await follow(await withoutOne(), (words) => run(...words));
    expect(again).toMatchObject({ exit_code: 0, data: { state: 'completed' } });
    expect(await at.db.query('select id from zoho_books.json_invoices where id = $1', [gone()])).toHaveLength(1);
  });

  remedy('line-table-left-over', '--full', 'fills both tables, once the one that was left over is gone', async (follow) => {
    await at.db.query('drop table zoho_books.json_invoices');
    const error = entityError(await run('--full'));
    const [table] = /zoho_books\.\w+/.exec(error.remedy)!;
    await at.db.query(`drop table ${table}`);
    const again = await follow(error, (words) => run(...words));
    expect(again).toMatchObject({ exit_code: 0, data: { state: 'completed' } });
    expect(await at.db.query('select id from zoho_books.json_invoices')).toHaveLength(3);
  });

  remedy('table-of-another-account', 'drop schema "…" cascade', 'lets the new account begin anew', async (follow) => {
    const other = await startSandbox({
      seed: 9,
      counts: { contacts: 1, items: 1, invoices: 1 },
      ...at.sandbox.credentials,
      organizationId: '20',
    });
    const before = withVariables({
      ...at.loaded.variables,
      ZOHO_BOOKS_TEST_BASE_URL: other.baseUrl,
      ZOHO_BOOKS_TEST_ACCOUNTS_URL: other.accountsUrl,
      ZOHO_BOOKS_TEST_ORGANIZATION_ID: '20',
    });
    try {
      await follow((await run()).error, (_, sql) => at.db.query(sql));
      expect(await run()).toMatchObject({ exit_code: 0, data: { state: 'completed' } });
      expect(await at.db.query('select id from zoho_books.json_contacts')).toEqual([{ id: other.control.idOf('contacts', 0) }]);
    } finally {
      before();
      await other.close();
    }
  });
});
