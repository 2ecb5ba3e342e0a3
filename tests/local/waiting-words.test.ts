import { readRunFacts } from '../../src/report/run-facts';
import { summary } from '../../src/report/summary';
import { LiveReader } from '../../src/client/live/live-facts';
import { PlainWriter } from '../../src/client/live/plain-writer';
import { plain } from '../../src/client/live/look';
import { terminalReader } from '../../src/client/terminal-reader';
import { recordSchedule } from '../../src/database/schedule-store';
import { timeWords } from '../../src/domain/wait-words';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { until } from '../temporal/bench';

const database = testDatabase();
let at: Installation;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 5, items: 5, invoices: 30 }, callsPerDay: 12 } });
});
afterAll(() => at.close());

it('a run that waits for its source says so, with the same words, in status, show, the live views, the JSON and the report', async () => {
  const { db, ctx, loaded } = at;
  const stop = new AbortController();
  const running = at.run({}, { ...ctx, signal: stop.signal });
  const [run] = await (async () => {
    const waiting = () =>
      db.query<{ id: string; wait_until: string }>(`select id, wait_until from freshet.run where wait_until is not null`);
    const rows = async () => JSON.stringify(await db.query(`select entity, state, wait_reason, error_message from freshet.run_entity`));
    await until(async () => (await waiting()).length === 1, 20_000, rows);
    return waiting();
  })();
  const { id } = run!;
  const facts = await readRunFacts(db, id);
  const wait_until = facts.run.wait_until!;
  const wait_reason = 'waiting for Zoho Books: its calls of the day are used up';
  expect(facts.entities.find(({ entity }) => entity === 'invoices')).toMatchObject({ wait_reason, wait_until, state: 'extracting' });
  expect(facts.run).toMatchObject({ wait_reason, wait_until });
  const words = (time: string): string => `waiting for Zoho Books until ${time}: its calls of the day are used up`;
  const here = words(timeWords(wait_until, terminalReader()));

  const common = ['--database-url', database.url, '--environment', loaded.settings.environment];
  const status = (await freshet('status', ...common)).stdout;
  expect(status).toMatch(new RegExp(`running now: ${id} running, ${here}`));
  expect(status).toMatch(new RegExp(`invoices .* extracting: ${here}`));
  expect((await freshet('show', id, ...common)).stdout).toContain(`invoices waits: ${here}`);
  const document = documentOf(await freshet('status', '--json', ...common)) as {
    data: { pipelines: { pipeline: string; active: object; entities: object[] }[] };
  };
  const zoho = document.data.pipelines.find(({ pipeline }) => pipeline === 'zoho-books');
  expect(zoho?.active).toMatchObject({ wait_reason, wait_until });
  expect(zoho?.entities).toContainEqual(expect.objectContaining({ entity: 'invoices', wait_reason, wait_until }));
  const live = await new LiveReader(db, id).read();
  const lines: string[] = [];
  new PlainWriter((line) => lines.push(plain(line))).show(live!);
  expect(lines.find((line) => line.startsWith('invoices'))).toContain(here);

  expect(summary(facts)).toContain(words(`${wait_until.slice(0, 10)} ${wait_until.slice(11, 16)} UTC`));
  const schedule = { kind: 'daily', time: '04:30', timezone: 'Asia/Kolkata' } as const;
  const { environment } = loaded.settings;
  await recordSchedule(db, { environment, pipeline: 'zoho-books', schedule, config: { digest: 'd', body: '{}' }, pausedReason: null }, ctx);
  expect(summary(await readRunFacts(db, id))).toContain(`${timeWords(wait_until, { now: '', zone: 'Asia/Kolkata', named: true })}:`);

  stop.abort();
  expect((await running).state).toBe('partial');
  const ended = await readRunFacts(db, id);
  expect([ended.run, ...ended.entities].map(({ wait_reason: left }) => left)).toEqual([null, null, null, null]);
});
