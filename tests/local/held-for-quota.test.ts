import { recordSchedule } from '../../src/database/schedule-store';
import type { Schedule } from '../../src/domain/schedule';
import { systemClock } from '../../src/http/clock';
import { heldOrWait } from '../../src/run/held-wait';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';

const database = testDatabase();
let at: Installation;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 5, items: 5, invoices: 60 } } });
});
afterAll(() => at.close());
afterEach(() => jest.restoreAllMocks());

const hourly: Schedule = { kind: 'every', everyMs: 3_600_000 };

it('a quota that comes back after the next nominal time ends the run partial, held; the next run adopts what was fetched and asks for the rest only', async () => {
  const { db, ctx, sandbox, loaded } = at;
  const config = { digest: 'd', body: '{}' };
  await recordSchedule(
    db,
    { environment: loaded.settings.environment, pipeline: 'zoho-books', schedule: hourly, config, pausedReason: null },
    ctx,
  );
  const fault = sandbox.control.addFault({ match: { kind: 'detail', entity: 'invoices' }, fault: 'rate45', skip: 30 });
  const first = await at.run();
  expect(first.state).toBe('partial');
  const [held] = await db.query<{ state: string; held_reason: string; fetched: string; remaining: string }>(
    `select state, held_reason, fetched, remaining from freshet.run_entity where run_id = $1 and entity = 'invoices'`,
    [first.runId],
  );
  expect(held).toMatchObject({ state: 'held', held_reason: expect.stringMatching(/^quota until \d{4}-\d\d-\d\d \d\d:\d\d UTC/) as string });
  expect(Number(held?.fetched) + Number(held?.remaining)).toBe(60);
  expect(Number(held?.fetched)).toBeGreaterThanOrEqual(25);

  sandbox.control.clearFaults(fault);
  // The process keeps to the quota until it is back: its clock goes on by two days.
  const monotonic = systemClock.monotonic.bind(systemClock);
  jest.spyOn(systemClock, 'monotonic').mockImplementation(() => monotonic() + 2 * 86_400_000);
  const before = sandbox.control.requestLog().filter(({ kind, code }) => kind === 'detail' && code === 0).length;
  const second = await at.run();
  expect(second.state).toBe('completed');
  const asked = sandbox.control.requestLog().filter(({ kind, code }) => kind === 'detail' && code === 0).length - before;
  expect(asked).toBe(Number(held?.remaining));
  const [rows] = await db.query<{ n: string }>(`select count(*) as n from zoho_books.json_invoices`);
  expect(Number(rows?.n)).toBe(60);
});

it('a wait that is over before the next nominal time is waited out', () => {
  const now = new Date('2026-03-01T12:10:00Z');
  const wait = (until: string) => ({ outcome: 'wait', until, reason: 'quota' }) as const;
  expect(heldOrWait(wait('2026-03-01T12:59:59Z'), hourly, now).outcome).toBe('wait');
  expect(heldOrWait(wait('2026-03-01T13:00:00Z'), hourly, now).outcome).toBe('held');
});
