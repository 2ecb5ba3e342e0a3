import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { letsThrough } from '../../src/stack/server-user';
import { packageFolder } from '../../src/stack/home';
import { identify } from '../../src/stack/process-identity';
import { startStack } from '../../src/stack/supervisor';
import { givenServers, newHome, startProcess, untilGone, withoutServers } from './stack-process';

const isRoot = process.getuid?.() === 0;
const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 };

/** The shells that wait for the supervisor's end, see keeper.ts. */
function keepersOf(pid: number | undefined): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => Number(match?.[2]) === pid && match?.[3]?.includes('freshet-keeper'))
    .map((match) => Number(match?.[1]));
}

describe('nothing is left running', () => {
  it('after SIGTERM, which ends the program with 143', async () => {
    const stack = await startProcess(newHome());
    const keepers = keepersOf(stack.process.pid);
    stack.process.kill('SIGTERM');
    expect(await stack.exit).toEqual({ code: 143, signal: null });
    // Gone already when the program ends, not some time later.
    expect(stack.pids.filter((pid) => identify(pid) !== undefined)).toEqual([]);
    expect(keepers).toHaveLength(3);
    await untilGone(keepers);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('after %s, which ends the program with %i', async (signal, code) => {
    const stack = await startProcess(newHome(), { env: givenServers() });
    stack.process.kill(signal);
    expect(await stack.exit).toEqual({ code, signal: null });
    expect(stack.pids.filter((pid) => identify(pid) !== undefined)).toEqual([]);
  });

  it('after the supervisor was killed', async () => {
    const stack = await startProcess(newHome());
    const keepers = keepersOf(stack.process.pid);
    stack.process.kill('SIGKILL');
    await stack.exit;
    await untilGone([...stack.pids, ...keepers]);
  });

  it('after the supervisor was asked twice', async () => {
    const stack = await startProcess(newHome(), { env: givenServers() });
    stack.process.kill('SIGINT');
    stack.process.kill('SIGTERM');
    await stack.exit;
    await untilGone(stack.pids);
  });

  it('after the crash of a part', async () => {
    const stack = await startProcess(newHome(), { env: givenServers() });
    process.kill(Number(stack.pids[0]), 'SIGKILL');
    expect((await stack.exit).code).toBe(70);
    await untilGone(stack.pids);
  });

  it('once the next freshet starts, even if the keepers were killed with the supervisor', async () => {
    const home = newHome();
    const stack = await startProcess(home);
    const keepers = keepersOf(stack.process.pid);
    for (const keeper of keepers) process.kill(keeper, 'SIGKILL');
    stack.process.kill('SIGKILL');
    await stack.exit;
    expect(stack.pids.filter((pid) => identify(pid) === undefined)).toEqual([]);

    const said: string[] = [];
    const next = await startStack({ say: (line) => said.push(line), home, env: withoutServers(), profile: 'test', exitOnSignal: false });
    await next.stop();
    expect(said).toEqual([expect.stringMatching(/^Stopped what an earlier freshet left running: .*postgres/)]);
    await untilGone(stack.pids);
  });
});

describe('as an ordinary user', () => {
  it('the stack starts under that user and leaves nothing running', async () => {
    const home = newHome();
    const user = isRoot && (await letsThrough(packageFolder(), NOBODY)) ? NOBODY : undefined;
    if (user !== undefined) for (const folder of Object.values(home) as string[]) chownSync(folder, user.uid, user.gid);
    const env = { TEMPORAL_ADDRESS: givenServers()['TEMPORAL_ADDRESS'], HOME: home.root };
    const stack = await startProcess(home, user === undefined ? { env } : { env, uid: user.uid, gid: user.gid });
    const owners = execFileSync('ps', ['-o', 'uid=', '-p', String(stack.pids[0])], { encoding: 'utf8' }).trim();
    stack.process.kill('SIGTERM');
    expect((await stack.exit).code).toBe(143);
    await untilGone(stack.pids);
    if (user !== undefined) expect(owners).toBe(String(user.uid));
  });
});
