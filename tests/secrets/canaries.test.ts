import { join } from 'node:path';
import { withConnection } from '../../src/stack/postgres-connection';
import { testDatabase } from '../support/database';
import { until } from '../temporal/bench';
import { canary, formsOf, found, plainCanary } from './canary';
import { openCanaryStack, type CanaryStack } from './canary-stack';
import { archiveText, databaseText, folderText, processList, temporalTexts } from './places';

const ENTITIES = ['contacts', 'items', 'invoices'];
const database = testDatabase();
let stack: CanaryStack;
/** Everything that was kept, shown or said, by place. */
const places = new Map<string, string>();
const exits: (number | null)[] = [];

interface RunRow {
  readonly id: string;
  readonly state: string;
  readonly errors: string[];
}

const runs = (): Promise<RunRow[]> =>
  withConnection(database.url, async (client) => {
    const { rows } = await client.query<RunRow>(
      `select r.id, r.state, array(select e.error_code || ': ' || e.error_message from freshet.run_entity e where e.run_id = r.id and e.error_code is not null) as errors
         from freshet.run r order by r.created_at`,
    );
    return rows;
  });

/** A run whose worker is killed and replaced, one whose every answer is a refusal, and one that gets no token. */
async function chaos(): Promise<void> {
  await Promise.all([stack.startWorker('kill:extract.detail-page.before-commit:1'), stack.freshet('schedule', 'apply', '--json')]);
  let processes = processList();
  const first = stack.freshet('run', stack.marker, '--json');
  await until(
    () => stack.kills === 1,
    40_000,
    async () => stack.said.commands,
  );
  await stack.startWorker();
  processes += processList();
  exits.push(await first);
  stack.source.mood = 'wrong';
  exits.push(await stack.freshet('run', stack.marker, '-vv'));
  stack.source.mood = 'locked-out';
  exits.push(await stack.freshet('run', stack.marker, '--json'));
  await until(() => stack.source.seen.notices.length > 0);
  places.set('the process list', processes);
}

async function lookEverywhere(): Promise<void> {
  const ended = await runs();
  const bundle = join(stack.folder, 'bundle.tar.gz');
  await Promise.all([
    stack.freshet('show', ended[1]?.id ?? '', '--json'),
    stack.freshet('status'),
    stack.freshet('config', 'show', '--json'),
    stack.freshet('doctor', '--bundle', bundle),
  ]);
  const { histories, descriptions, schedules } = await temporalTexts(
    stack.marker,
    ended.map(({ id }) => id),
    ENTITIES,
  );
  places.set('the database', await databaseText(database.url));
  places.set('home and landing', folderText(stack.home));
  places.set('the reports', folderText(stack.reports));
  places.set("the worker's log", stack.said.worker);
  places.set('what commands said', stack.said.commands);
  places.set('the support bundle', archiveText(bundle));
  places.set('the histories of Temporal', histories);
  places.set('memos and search attributes', descriptions);
  places.set('the schedules', schedules);
}

beforeAll(async () => {
  stack = await openCanaryStack(database.url);
  await chaos();
  await lookEverywhere();
}, 180_000);
afterAll(async () => {
  await stack?.freshet('schedule', 'delete', stack.marker, '--json');
  await stack?.close();
});

it('the run that lost its worker completed, the refused one and the one without token failed, with what the source said', async () => {
  const ended = await runs();
  expect(stack.kills).toBe(1);
  expect(exits).toEqual([0, 1, 1]);
  expect(ended.map(({ state }) => state)).toEqual(['completed', 'failed', 'failed']);
  expect(ended[1]?.errors.map((error) => error.split(':')[0]).sort()).toEqual([
    'redirect-elsewhere',
    'zoho-forbidden',
    'zoho-request-refused',
  ]);
  expect(ended[1]?.errors.join()).toContain('authorization: Zoho-oauthtoken [secret]; the same [secret]');
  expect([...new Set(ended[2]?.errors.map((error) => error.split(':')[0]))]).toEqual(['zoho-credentials-refused']);
});

const PLACES = [
  'the process list',
  'the database',
  'home and landing',
  'the reports',
  "the worker's log",
  'what commands said',
  'the support bundle',
  'the histories of Temporal',
  'memos and search attributes',
  'the schedules',
];

it.each(PLACES)('%s: none of twelve canaries, in no form and no half, though what was planted beside them is there', (place) => {
  const text = places.get(place) ?? '';
  const canaries = Object.values(stack.planted);
  expect(canaries).toHaveLength(12);
  expect(text).toContain(stack.marker);
  expect(found(canaries, place, text)).toEqual([]);
});

it('the places were read as what they are: payloads decoded, log lines of every level, rows of the token table', () => {
  expect(places.get('the histories of Temporal')).toMatch(/\\"runId\\":\\"\d{12}-/);
  for (const level of ['debug', 'info', 'warn']) expect(places.get("the worker's log")).toContain(`"level":"${level}"`);
  expect(places.get('the database')).toMatch(/freshet\.oauth_token:\n\{.*"sealed": "\\\\x01/);
  expect(places.get('home and landing')).toContain('sync_metadata_invoices.json');
});

it('the secrets were there and were taken out: in the process list, error texts, envelopes of pages, and log lines about the webhook', () => {
  const { webhookPath, webhookKey } = stack.planted;
  const { host } = new URL(stack.source.url);
  expect(stack.source.seen.notices[0]).toBe(`/hooks/${webhookPath.value}?key=${webhookKey.value}`);
  expect(places.get('the process list')).toMatch(/worker --database-url postgresql:\/\/canary_\w+:\[secret\]@/);
  expect(places.get('the database')).toMatch(/"envelope": .*authorization: Zoho-oauthtoken \[secret\]; the same \[secret\]/);
  expect(places.get("the worker's log")).toContain(`POST ${host}[secret]`);
  expect(places.get('what commands said')).toContain('invalid_client');
});

it.each([canary('one'), plainCanary('other')])('every form and half of a canary would be found', (planted) => {
  for (const form of formsOf(planted.value)) expect(found([planted], 'here', `before ${form} after`)).toHaveLength(1);
  expect(found([planted], 'here', `basic ${Buffer.from(`anna:${planted.value}`).toString('base64')}`)).toHaveLength(1);
  expect(found([planted], 'here', canary('another').value)).toEqual([]);
});
