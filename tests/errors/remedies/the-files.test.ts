import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { claimRun } from '../../../src/database/claim';
import { inputAt, ownersOf } from '../../../src/run/load-input';
import { loadRequests } from '../../../src/run/load-request';
import { sources } from '../../../src/sources';
import { typed, wrong } from '../../cli/in-process';
import { loadOnce, WISH } from '../../local/load-once';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';
import { refusal, remedy, withVariables } from './remedy';

/** Files that are not there, not meant, or say nothing: the option that the error names leads on. */
const database = testDatabase();
let at: Installation;
let restore: () => void;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 4, items: 2, invoices: 2 } }, readsDelete: false });
  restore = withVariables(at.loaded.variables);
});
afterAll(async () => {
  restore();
  await at.close();
});

let folders = 0;
function folder(files: Readonly<Record<string, unknown>>): string {
  const root = join(at.folder, `files-${++folders}`);
  for (const [name, records] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), JSON.stringify(records));
  }
  return root;
}

remedy('pipeline-of-files', './freshet load', 'loads what a run of json2db was to load', async (follow) => {
  const root = folder({ 'things.json': [{ id: 'T1' }] });
  const { data } = await follow(await wrong('run', 'json2db', '--local'), (words) => typed([...words, '--dir', root, '--dry-run']));
  expect(data.entities).toMatchObject([{ entity: 'things' }]);
});

const OLD = 'sync_session_2020-01-01_00-00-00';
const withOldSession = (): string => folder({ [`sync_sessions/${OLD}/raw_json/2020-01-01_00-00-00/things.json`]: [{ id: 'T1' }] });

remedy('no-input', '--dir', 'loads the folder that was meant', async (follow) => {
  const good = folder({ 'things.json': [{ id: 'T1' }] });
  const { data } = await follow(await wrong('load', '--dir', join(at.folder, 'nowhere')), ([option]) =>
    typed(['load', option!, good, '--dry-run']),
  );
  expect(data.entities).toMatchObject([{ entity: 'things' }]);
});

remedy('no-input', '--cutoff-days', 'reads sessions that are older', async (follow) => {
  const root = withOldSession();
  const { data } = await follow(await wrong('load', '--dir', root), ([option]) =>
    typed(['load', '--dir', root, option!, '36500', '--dry-run']),
  );
  expect(data.entities).toMatchObject([{ entity: 'things' }]);
});

remedy('no-input', '--session', 'reads the session that it names', async (follow) => {
  const root = withOldSession();
  const { data } = await follow(await wrong('load', '--dir', root), ([option]) =>
    typed(['load', '--dir', root, option!, OLD, '--dry-run']),
  );
  expect(data).toMatchObject({ input: 'sessions', entities: [{ entity: 'things' }] });
});

remedy('cutoff-days', '--cutoff-days', 'takes a whole number', async (follow) => {
  const root = withOldSession();
  const { data } = await follow(await wrong('load', '--dir', root, '--cutoff-days', 'all'), ([option]) =>
    typed(['load', '--dir', root, option!, '36500', '--dry-run']),
  );
  expect(data.input).toBe('sessions');
});

remedy('session-unknown', './freshet sessions list', 'lists the sessions there are', async (follow) => {
  const { data } = await follow(await wrong('sessions', 'show', 'sync_session_1999-01-01_00-00-00'), typed);
  expect(data.sessions).toEqual([]);
});

remedy('key-flag', '--key', 'names an entity and its field', async (follow) => {
  const root = folder({ 'marks.json': [{ a: 1 }, { a: 2 }] });
  const { data } = await follow(await wrong('load', '--dir', root, '--key', 'marks'), ([option]) =>
    typed(['load', '--dir', root, option!, 'marks=a', '--local']),
  );
  expect(data).toMatchObject({ state: 'completed' });
});

remedy('no-key', '--key', 'tells the records apart', async (follow) => {
  const root = folder({
    'readings.json': [
      { a: 1, b: 1 },
      { a: 1, b: 2 },
      { a: 1, b: 1 },
    ],
  });
  const failed = await typed(['load', '--dir', root, '--local']);
  const { error_code: code, error_remedy: told } = failed.data.entities[0];
  const { data } = await follow({ code, remedy: told }, ([option]) => typed(['load', '--dir', root, option!, 'readings=a,b', '--local']));
  expect(data).toMatchObject({ state: 'completed' });
});

remedy('deletes-held', '--approve-deletes', 'deletes the rows that are gone', async (follow) => {
  await at.run();
  // A row that was fetched in the very second in which a complete read begins is not older than it.
  at.sandbox.control.advanceClock(60_000);
  at.sandbox.control.remove('contacts', 0);
  const { runId } = await at.run({ full: true });
  const [run] = await at.db.query<{ session_id: string }>(`select session_id from freshet.run where id = $1`, [runId]);
  const { settings } = at.loaded;
  const strict = {
    ...at,
    loaded: { ...at.loaded, settings: { ...settings, load: { ...settings.load, deletes: { max_count: 0, max_percent: 0 } } } },
  };
  const wish = { sessions: [run!.session_id], entities: ['contacts'] };
  const owned = await ownersOf(at.db, await inputAt(at.landing.root, { ...WISH, now: new Date(), ...wish }), true);
  const [request] = loadRequests(strict.loaded, sources, { ...owned, keys: new Map(), actor: 'test' });
  const claim = await claimRun(at.db, request!, at.ctx);
  if (claim.kind === 'taken') throw new Error('the lane is taken');
  const step = { runId: claim.runId, entity: 'contacts' };
  await at.steps.prepareRun(step, at.ctx);
  await at.steps.extract(step, at.ctx);
  await at.steps.load(step, at.ctx);
  const held = await refusal(() => at.steps.close(step, at.ctx));
  await at.steps.endEntity({ ...step, state: 'held', reason: held.code }, at.ctx);
  await at.steps.endRun(step, at.ctx);
  const runs = await follow(held, () => loadOnce(strict, at.landing.root, { ...wish, approveDeletes: true }));
  expect(runs).toMatchObject([{ state: 'completed' }]);
});
