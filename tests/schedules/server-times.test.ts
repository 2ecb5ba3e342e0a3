import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { compileSpec } from '../../src/client/schedules/compile-schedule';
import { nominalTimes, type Schedule } from '../../src/domain/schedule';
import { testTemporal } from '../support/temporal';

let connection: Connection;
let client: Client;

beforeAll(async () => {
  connection = await Connection.connect({ address: testTemporal().address });
  client = new Client({ connection });
});
afterAll(() => connection.close());

/** What the server says it will do, in a span of our choosing. */
async function saidByServer(schedule: Schedule, from: string, to: string): Promise<string[]> {
  const scheduleId = `said-${randomBytes(6).toString('hex')}`;
  const handle = await client.schedule.create({
    scheduleId,
    spec: compileSpec(schedule),
    action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
    state: { paused: true },
  });
  try {
    const seconds = (iso: string) => ({ seconds: Date.parse(iso) / 1000 }) as never;
    const { startTime } = await client.workflowService.listScheduleMatchingTimes({
      namespace: 'default',
      scheduleId,
      startTime: seconds(from),
      endTime: seconds(to),
    });
    return startTime.map(({ seconds: at }) => new Date(Number(at) * 1000).toISOString());
  } finally {
    await handle.delete();
  }
}

const SPANS = {
  'clocks go forward in Europe': ['2027-03-26T12:00:00Z', '2027-03-30T12:00:00Z'],
  'clocks go back in Europe': ['2027-10-29T12:00:00Z', '2027-11-02T12:00:00Z'],
  'clocks go forward in America': ['2027-03-12T12:00:00Z', '2027-03-16T12:00:00Z'],
  'clocks go back in America': ['2027-11-05T12:00:00Z', '2027-11-09T12:00:00Z'],
  'a leap day': ['2028-02-27T12:00:00Z', '2028-03-02T12:00:00Z'],
} as const;
const ZONES = ['Europe/Berlin', 'Europe/London', 'America/Los_Angeles', 'UTC'];
/** Before, in and after the hours that clocks leave out or show twice (01:00–03:00), and midnight. */
const TIMES = ['00:00', '01:30', '02:00', '02:30', '03:00', '14:15'];

describe.each(Object.entries(SPANS))('over a span in which %s', (_, [from, to]) => {
  it.each(ZONES)('we and the server name the same times of a daily schedule in %s', async (timezone) => {
    const schedules = TIMES.map((time): Schedule => ({ kind: 'daily', time, timezone }));
    const said = await Promise.all(schedules.map((schedule) => saidByServer(schedule, from, to)));
    const ours = schedules.map((schedule) =>
      nominalTimes(schedule, Date.parse(from), Date.parse(to)).map((time) => new Date(time).toISOString()),
    );
    expect(ours).toEqual(said);
    expect(said.flat().length).toBeGreaterThan(TIMES.length * 3);
  });

  it('and of an interval', async () => {
    const schedule: Schedule = { kind: 'every', everyMs: 7 * 3_600_000 };
    const ours = nominalTimes(schedule, Date.parse(from), Date.parse(to)).map((time) => new Date(time).toISOString());
    expect(ours).toEqual(await saidByServer(schedule, from, to));
  });
});
