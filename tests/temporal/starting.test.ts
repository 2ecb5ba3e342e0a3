import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connectTemporal } from '../../src/client/temporal/connect-temporal';
import { startRun } from '../../src/client/temporal/start-run';
import { isFreshetError } from '../../src/domain/errors';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { documentOf, freshet } from '../cli/in-process';
import { testDatabase } from '../support/database';
import { openBench, type Bench } from './bench';
import { ScriptedSteps } from './scripted-steps';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(() => bench.close());

const rows = async (): Promise<number> =>
  Number((await bench.installation.db.query<{ n: string }>(`select count(*) as n from freshet.run`))[0]?.n);

it('a run of more entities than one workflow holds is refused before anything begins', async () => {
  const before = await rows();
  const { request } = claimRequest(bench.installation.loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
  const plan = Array.from({ length: 301 }, (_, index) => ({ entity: `e${index}`, dependsOn: [], priority: 'medium' as const }));
  await expect(startRun(bench.deps, { ...request, plan })).rejects.toMatchObject({ code: 'too-many-entities' });
  expect(await rows()).toBe(before);
});

describe('without a worker', () => {
  it('nothing begins: the error says what to do, and no run is claimed', async () => {
    const before = await rows();
    await expect(bench.start()).rejects.toMatchObject({ code: 'no-worker', remedy: expect.stringContaining('freshet worker') as string });
    expect(await rows()).toBe(before);
  });
});

describe('with a worker', () => {
  const scripted = () =>
    bench.worker({
      steps: new ScriptedSteps(bench.installation.db, { extract: () => ({ outcome: 'wait', until: '2999-01-01T00:00:00Z', reason: 'q' }) })
        .over,
    });

  it('the same request claims and starts one run, however often it comes; another finds the lane taken', async () => {
    const worker = await scripted();
    const requestKey = randomUUID();
    const first = await bench.start({ requestKey });
    const [second, third] = await Promise.all([bench.start({ requestKey }), bench.start({ requestKey })]);
    expect([first.kind, second.kind, third.kind]).toEqual(['claimed', 'repeated', 'repeated']);
    expect(new Set([first.runId, second.runId, third.runId]).size).toBe(1);
    expect(await bench.start()).toEqual({ kind: 'taken', runId: first.runId });
    await bench.cancel(first.runId);
    await bench.ended(first.runId);
    await worker.stop();
  });

  it('a start that Temporal refuses ends the run failed, with what to do', async () => {
    const worker = await scripted();
    const { request } = claimRequest(bench.installation.loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
    const { client } = bench.temporal;
    const refusing = Object.assign(Object.create(client) as typeof client, {
      workflow: { start: () => Promise.reject(Object.assign(new Error('Request unauthorized'), { code: 7 })) },
    });
    const deps = { ...bench.deps, temporal: { ...bench.temporal, client: refusing } };
    await expect(startRun(deps, request)).rejects.toMatchObject({ code: 'start-refused' });
    const [row] = await bench.installation.db.query<{ state: string; error_type: string }>(
      `select state, error_type from freshet.run where request_key = $1`,
      [request.requestKey],
    );
    expect(row).toEqual({ state: 'failed', error_type: 'config_error' });
    await worker.stop();
  });

  it('a start without an answer is repeated, and the run is not given up', async () => {
    const worker = await scripted();
    const { request } = claimRequest(bench.installation.loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
    const { client } = bench.temporal;
    let tries = 0;
    const deaf = Object.assign(Object.create(client) as typeof client, {
      workflow: {
        start: (...args: Parameters<typeof client.workflow.start>) => {
          tries += 1;
          // The first request is carried out, its answer is lost.
          const sent = client.workflow.start(...args);
          return tries > 1 ? sent : sent.then(() => Promise.reject(Object.assign(new Error('Deadline exceeded'), { code: 4 })));
        },
      },
    });
    const started = await startRun({ ...bench.deps, temporal: { ...bench.temporal, client: deaf } }, request);
    expect([started.kind, tries]).toEqual(['claimed', 2]);
    await bench.cancel(started.runId);
    expect(await bench.ended(started.runId)).toBe('cancelled');
    await worker.stop();
  });
});

describe('a start that nobody confirms', () => {
  it('is told; the run stays claimed, and the commands that are told show it and cancel it', async () => {
    const worker = await bench.worker();
    const { request } = claimRequest(bench.installation.loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
    const { client } = bench.temporal;
    const deaf = Object.assign(Object.create(client) as typeof client, {
      workflow: { start: () => Promise.reject(Object.assign(new Error('No connection established'), { code: 14 })) },
    });
    const error: unknown = await startRun({ ...bench.deps, temporal: { ...bench.temporal, client: deaf } }, request).catch(
      (thrown: unknown) => thrown,
    );
    if (!isFreshetError(error)) throw new Error(`no FreshetError: ${String(error)}`);
    expect(error).toMatchObject({ type: 'transient_error', code: 'start-unconfirmed', why: 'No connection established' });
    const commands = error.next.flatMap((action) => (action.kind === 'run-command' ? [action.command] : []));
    const runId = commands[0]!.split(' ').at(-1)!;
    expect(commands).toEqual([`./freshet show ${runId}`, `./freshet cancel ${runId}`]);
    const before = process.env;
    process.env = {
      ...before,
      FRESHET_ENV: 'test',
      FRESHET_HOME: bench.installation.folder,
      FRESHET_TEMPORAL_TASK_QUEUE: bench.temporal.taskQueue,
      TEMPORAL_ADDRESS: bench.temporal.address,
    };
    for (const command of commands) {
      const said = await freshet(...command.split(' ').slice(1), '--json', '--database-url', database.url);
      expect({ command, code: said.code, error: documentOf(said).error }).toEqual({ command, code: 0, error: undefined });
    }
    process.env = before;
    expect(await bench.ended(runId)).toBe('cancelled');
    await worker.stop();
  });
});

describe('without Temporal', () => {
  const settings = { namespace: 'default', task_queue: 'none' };

  it('the error comes within seconds and says where and what to do', async () => {
    const begun = Date.now();
    await expect(connectTemporal({ ...settings, address: '127.0.0.1:1' })).rejects.toMatchObject({
      code: 'temporal-unreachable',
      message: 'Temporal does not answer at 127.0.0.1:1',
      remedy: expect.stringContaining('./freshet up') as string,
    });
    expect(Date.now() - begun).toBeLessThan(8_000);
  });

  it('a server that takes the connection and never answers is no Temporal either', async () => {
    const taken: Socket[] = [];
    const silent = createServer((socket) => void taken.push(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    await expect(connectTemporal({ ...settings, address: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'temporal-unreachable' });
    expect(taken.length).toBeGreaterThan(0);
    taken.forEach((socket) => socket.destroy());
    await new Promise((resolve) => silent.close(resolve));
  });

  it('a namespace that is not there is told apart', async () => {
    const { address } = bench.temporal;
    await expect(connectTemporal({ ...settings, address, namespace: 'nowhere' })).rejects.toMatchObject({
      code: 'temporal-refused',
      type: 'config_error',
    });
  });
});
