import { logTail } from '../../src/stack/part-log';
import { providePostgres } from '../../src/stack/postgres';
import { answers, withConnection } from '../../src/stack/postgres-connection';
import { startStack, type Stack } from '../../src/stack/supervisor';
import { givenServers, newHome, untilGone } from './stack-process';

const said: string[] = [];

function start(): Promise<Stack> {
  said.length = 0;
  return startStack({ say: (line) => said.push(line), exitOnSignal: false, env: givenServers(), home: newHome(), restart: true });
}

const part = {
  name: 'worker',
  command: '/bin/sh',
  args: ['-c', 'echo up; exec sleep 300'],
  ready: { kind: 'line', accept: (line: string) => line === 'up' },
} as const;

/** Kills the running worker and waits until another one is there. */
async function killAndWait(stack: Stack): Promise<void> {
  const worker = (): number | undefined => stack.parts.find(({ name }) => name === 'worker')?.pid;
  const before = worker();
  process.kill(before!, 'SIGKILL');
  while (worker() === undefined || worker() === before) await new Promise((resolve) => setTimeout(resolve, 10));
}

it('a part that ends by itself is started again, three times within a minute; the fourth end stops everything and says why', async () => {
  const stack = await start();
  const crash = new Promise<Error>((resolve) => stack.onCrash(resolve));
  const bystander = await stack.start({ ...part, name: 'sandbox' });
  await stack.start(part);
  const worker = (): number => stack.parts.find(({ name }) => name === 'worker')?.pid ?? 0;
  for (let times = 1; times <= 3; times++) {
    const before = worker();
    process.kill(before, 'SIGKILL');
    while (worker() === before || worker() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(said).toContain(`worker ended by itself (signal SIGKILL); starting it again (${times} of 3)`);
  }
  const last = worker();
  process.kill(last, 'SIGKILL');
  expect(await crash).toMatchObject({ code: 'part-crashed', message: 'worker ended by itself (signal SIGKILL), 4 times within a minute' });
  expect(await stack.ended).toMatchObject({ reason: 'crash', part: 'worker' });
  await untilGone([last, bystander.pid]);
});

it('a part that was started again is stopped in its old turn: after those that were started behind it', async () => {
  const stack = await start();
  await stack.start(part);
  await stack.start({ ...part, name: 'sandbox' });
  await killAndWait(stack);
  while (stack.parts.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(stack.parts.map(({ name }) => name)).toEqual(['worker', 'sandbox']);
  await stack.stop();
});

it('a stop that comes while a part is being started again leaves nothing behind', async () => {
  const stack = await start();
  await stack.start(part);
  await killAndWait(stack);
  const pids = stack.parts.map(({ pid }) => pid);
  process.kill(pids[0]!, 'SIGKILL');
  await stack.stop();
  expect(await stack.ended).toEqual({ reason: 'stopped' });
  await untilGone([...pids, ...stack.parts.map(({ pid }) => pid)]);
});

it('PostgreSQL that was killed comes back as soon as the last process of the killed one has noticed', async () => {
  const { part, url } = await providePostgres({ home: newHome(), say: (line) => said.push(line), profile: 'test' });
  await withConnection(url, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    process.kill(rows[0]!.pid, 'SIGSTOP');
    process.kill(part!.pid, 'SIGKILL');
    await part!.exited;
    const again = part!.again();
    try {
      while (!logTail(part!.logFile).includes('pre-existing shared memory block')) await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      process.kill(rows[0]!.pid, 'SIGCONT');
    }
    const back = await again;
    expect(await answers(url)).toBe(true);
    await back.stop();
  });
});
