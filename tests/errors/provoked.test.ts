import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDatabase, type Database } from '../../src/database/database';
import { ident } from '../../src/database/identifier';
import { migrateToLatest } from '../../src/database/migrate';
import { isFreshetError, type FreshetError } from '../../src/domain/errors';
import { readPage } from '../../src/extract/page-reader';
import { transportFailure } from '../../src/http/transport-failure';
import { pipelinePlan, readRunConfig, sourceOf, type RunConfig } from '../../src/run/run-config';
import { sources } from '../../src/sources';
import type { SourceConnection } from '../../src/sources/source';
import { zohoSettings } from '../../src/sources/zoho-books/settings';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';

const database = testDatabase();
const empty = testDatabase();
let db: Database;

beforeAll(() => {
  db = openDatabase({ url: database.url, poolSize: 1 });
});
afterAll(() => db.close());

/** The error that an action ends with, whole: a page of its own, and something to do. */
async function provoked(action: () => unknown): Promise<FreshetError> {
  const error: unknown = await Promise.resolve()
    .then(action)
    .catch((thrown: unknown) => thrown);
  if (!isFreshetError(error)) throw new Error(`no FreshetError: ${String(error)}`);
  expect(existsSync(join(resolve(__dirname, '../../docs/errors'), `${error.code}.md`))).toBe(true);
  expect(error.remedy).toMatch(/\S.*[.:]/);
  return error;
}

describe('PostgreSQL', () => {
  it('that computes nonsense, or grants nothing, is told apart', async () => {
    expect(await provoked(() => db.query('select 1 / 0'))).toMatchObject({ code: 'database-error', facts: { sqlstate: '22012' } });
    const error = await provoked(() => db.query('begin; set local role pg_monitor; create table freshet.not_mine (a int)'));
    expect(error).toMatchObject({ code: 'database-permission', remedy: expect.stringContaining('Grant') });
    await db.query('rollback');
  });

  it('that a newer freshet migrated is left alone', async () => {
    await db.query(`insert into freshet.kysely_migration (name, timestamp) values ('9999-later', '2027-01-01')`);
    expect(await provoked(() => migrateToLatest(database.url))).toMatchObject({ code: 'database-newer', type: 'schema_error' });
    await db.query(`delete from freshet.kysely_migration where name = '9999-later'`);
  });

  it('where freshet never worked says so', async () => {
    const other = openDatabase({ url: empty.url, poolSize: 1 });
    await other.query('drop schema freshet cascade');
    await other.close();
    for (const command of ['history', 'status']) {
      const { error, exit_code } = documentOf(await freshet(command, '--json', '--database-url', empty.url));
      expect({ code: error.code, exit_code }).toEqual({ code: 'not-set-up', exit_code: 1 });
      // The address is the user's own: `up` would not set this one up, a run does.
      expect(error.remedy).toContain('the first run sets the database up');
    }
  });

  it.each(['', 'x'.repeat(64), 'a\0b'])('takes no such name', async (name) => {
    expect(await provoked(() => ident('freshet', name))).toMatchObject({ code: 'bad-identifier' });
  });
});

describe('settings of a run', () => {
  const pipeline = (entities: Record<string, unknown>): Parameters<typeof pipelinePlan>[0] =>
    ({ pipeline: { name: 'p', entities }, source: { key: 'zoho-books' }, definition: sources['zoho-books'] }) as unknown as RunConfig;

  it('that are gone, or of a source that this version has not, stop it', async () => {
    expect(await provoked(() => readRunConfig(db, 'none', sources))).toMatchObject({ code: 'settings-gone' });
    expect(await provoked(() => sourceOf(sources, 'monday'))).toMatchObject({
      code: 'source-type-unknown',
      remedy: expect.stringContaining('zoho-books'),
    });
  });

  it.each([
    [{ contacts: { depends_on: ['items'] } }, 'depends on items, which the pipeline does not have'],
    [{ contacts: { depends_on: ['items'] }, items: { depends_on: ['contacts'] } }, 'go in a circle'],
  ])('whose order leads nowhere are refused', async (entities, text) => {
    expect(await provoked(() => pipelinePlan(pipeline(entities)))).toMatchObject({
      code: 'dependency-fault',
      message: expect.stringContaining(text),
    });
  });

  it('without what Zoho Books needs name every part that is missing', async () => {
    const connection = { credentials: new Map(), accountsUrl: null, organizationId: '1' } as unknown as SourceConnection;
    const error = await provoked(() => zohoSettings(connection));
    expect(error).toMatchObject({
      code: 'source-incomplete',
      message: expect.stringContaining('client_id, client_secret, refresh_token, accounts_url'),
    });
  });
});

describe('a source', () => {
  it.each([
    ['EHOSTUNREACH', 'host-unreachable', 'transient_error'],
    ['CERT_HAS_EXPIRED', 'certificate-refused', 'config_error'],
    ['SOMETHING_NEW', 'request-failed', 'transient_error'],
  ])('that cannot be talked to (%s) is told as %s', async (cause, code, type) => {
    const failed = Object.assign(new Error('it failed with the header Authorization: Zoho-oauthtoken abc.def'), { code: cause });
    const error = await provoked(() => {
      throw transportFailure(failed, 'GET', new URL('https://books.example/v3?organization_id=1'));
    });
    expect(error).toMatchObject({ code, type });
    expect(JSON.stringify(error) + error.message).not.toContain('abc.def');
  });

  it.each([
    ['listed-row-not-object', '{"code":0,"contacts":[{"contact_id":"1"},5]}'],
    ['listed-row-without-key', '{"code":0,"contacts":[{"contact_id":"1"},{"name":"x"}]}'],
  ])('whose list is none ends with %s, naming the byte', async (code, body) => {
    const definition = sources['zoho-books'].entities.contacts;
    const error = await provoked(() =>
      readPage({ body: Buffer.from(body), next: null, clock: null, requestDigest: '' }, { definition, zone: 'UTC' }),
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(/at byte \d+ of the answer/) });
  });
});
