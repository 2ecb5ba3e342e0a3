import { withConnection } from '../../src/stack/postgres-connection';
import { identify } from '../../src/stack/process-identity';
import { startStack } from '../../src/stack/supervisor';
import type { StackOptions } from '../../src/stack/supervisor';
import { temporalAnswers } from '../../src/stack/temporal-connection';
import { givenServers, newHome, untilGone, withoutServers } from './stack-process';

const said: string[] = [];
const quiet = { say: (line: string) => said.push(line), exitOnSignal: false, env: withoutServers() } satisfies Partial<StackOptions>;

describe('the stack', () => {
  it('starts both servers, keeps data and ports over a restart, and a second start uses what runs', async () => {
    const home = newHome();
    const first = await startStack({ ...quiet, home });
    const pids = first.parts.map((part) => part.pid);
    expect(first.parts.map((part) => part.name)).toEqual(['postgres', 'temporal']);
    expect(first.addresses.postgres).toMatch(/^127\.0\.0\.1:\d+\/freshet$/);
    expect(await temporalAnswers({ address: first.addresses.temporalAddress })).toBe(true);
    expect((await fetch(String(first.addresses.temporalUi))).status).toBe(200);
    await withConnection(first.addresses.databaseUrl, (client) => client.query('create table kept as select 42 as answer'));

    const second = await startStack({ ...quiet, home });
    expect(second.parts).toEqual([]);
    expect(second.addresses).toEqual(first.addresses);
    await second.stop();
    expect(pids.map(identify)).not.toContain(undefined);

    await first.stop();
    await untilGone(pids);
    expect(await first.ended).toEqual({ reason: 'stopped' });

    const third = await startStack({ ...quiet, home });
    try {
      expect(third.addresses).toEqual(first.addresses);
      const { rows } = await withConnection(third.addresses.databaseUrl, (client) => client.query('select answer from kept'));
      expect(rows).toEqual([{ answer: 42 }]);
    } finally {
      await third.stop();
    }
  });

  it('started twice at once runs each server once', async () => {
    const home = newHome();
    const both = await Promise.all([startStack({ ...quiet, home, profile: 'test' }), startStack({ ...quiet, home, profile: 'test' })]);
    const names = both.flatMap((stack) => stack.parts.map((part) => part.name));
    const addresses = new Set(both.map((stack) => JSON.stringify(stack.addresses)));
    await Promise.all(both.map((stack) => stack.stop()));
    expect(names.sort()).toEqual(['postgres', 'temporal']);
    expect(addresses.size).toBe(1);
  });

  it('stops everything when a part ends by itself, and says which, how, and where its log is', async () => {
    const stack = await startStack({ ...quiet, home: newHome(), env: givenServers() });
    const part = await stack.start({
      name: 'sandbox',
      command: '/bin/sh',
      args: ['-c', 'echo up; echo "out of luck" >&2; exec sleep 300'],
      ready: { kind: 'line', accept: (line) => line === 'up' },
    });
    const pids = stack.parts.map((one) => one.pid);
    const crash = new Promise<Error>((resolve) => {
      stack.onCrash(resolve);
    });
    process.kill(part.pid, 'SIGKILL');
    expect(await crash).toMatchObject({
      code: 'part-crashed',
      message: 'sandbox ended by itself (signal SIGKILL)',
      where: part.logFile,
      why: expect.stringContaining('out of luck') as string,
    });
    expect(await stack.ended).toMatchObject({ reason: 'crash', part: 'sandbox' });
    await untilGone(pids);
  });

  it('stops everything when PostgreSQL itself is killed', async () => {
    const stack = await startStack({ ...quiet, home: newHome(), profile: 'test' });
    const pids = stack.parts.map((part) => part.pid);
    process.kill(Number(pids[0]), 'SIGKILL');
    expect(await stack.ended).toMatchObject({ reason: 'crash', part: 'postgres' });
    await untilGone(pids);
  });

  it('tells the end of the log when a part cannot start, and goes on running', async () => {
    const stack = await startStack({ ...quiet, home: newHome(), env: givenServers() });
    try {
      const ready = { kind: 'line', accept: () => false } as const;
      await expect(
        stack.start({ name: 'worker', command: '/bin/sh', args: ['-c', 'echo "no such table" >&2; exit 3'], ready }),
      ).rejects.toMatchObject({
        code: 'part-not-started',
        message: 'worker did not start: it ended at once (exit code 3)',
        why: 'no such table',
      });
      await expect(stack.start({ name: 'ghost', command: '/no/such/program', args: [], ready })).rejects.toMatchObject({
        code: 'part-not-started',
      });
      await expect(
        stack.start({ name: 'slow', command: '/bin/sh', args: ['-c', 'exec sleep 300'], ready, readyWithinMs: 100 }),
      ).rejects.toMatchObject({ code: 'part-not-ready' });
      expect(stack.parts.map((part) => part.name)).toEqual([]);
    } finally {
      await stack.stop();
    }
  });
});
