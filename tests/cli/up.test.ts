import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../temporal/bench';
import { untilGone } from '../stack/stack-process';
import { envelopeOf, projectFolder, type ProjectFolder } from './freshet-process';

/** `freshet up --sandbox` as a person has it: every server real, each of them killed once. */
let project: ProjectFolder;
let home: string;
let up: ChildProcess;
let variables: Record<string, string>;
let [told, noted] = ['', ''];

beforeAll(async () => {
  home = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-up-'));
  chmodSync(home, 0o755);
  project = projectFolder({
    FRESHET_HOME: home,
    FRESHET_SOURCE_ENVIRONMENT: 'test',
    FRESHET_MONITOR_EVERY: '1s',
    HOME: process.env['HOME'] ?? '',
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? '',
    TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] ?? '',
  });
  up = spawn(process.execPath, [project.main, 'up', '--sandbox'], {
    cwd: project.path,
    env: project.variables,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  up.stdout!.setEncoding('utf8').on('data', (text: string) => (told += text));
  up.stderr!.setEncoding('utf8').on('data', (text: string) => (noted += text));
  await until(() => told.includes('Ready.') || up.exitCode !== null, 120_000);
  variables = Object.fromEntries([...told.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
}, 150_000);

afterAll(async () => {
  if (up.exitCode === null && up.kill('SIGKILL')) await once(up, 'exit');
  project.remove();
  rmSync(home, { recursive: true, force: true });
});

/** Throws where there is none: signal 0 to process 0 would be ourselves. */
function pidOf(name: string): number {
  const records = readdirSync(join(home, 'parts')).map((file) => readFileSync(join(home, 'parts', file), 'utf8'));
  const found = records.map((text) => JSON.parse(text) as { name: string; part: { pid: number } }).find((record) => record.name === name);
  if (found === undefined) throw new Error(`${name} does not run: ${noted}`);
  return found.part.pid;
}

const run = async (): Promise<{ state: string }> => {
  const ended = await project.freshet(['run', 'zoho-books', '--json'], variables);
  return { state: envelopeOf(ended).data?.state ?? ended.stderr };
};

it('runs everything, and says every address', async () => {
  expect({ told: told.includes('Ready.'), noted }).toMatchObject({ told: true });
  expect((await run()).state).toBe('completed');
});

it('a rehearsal finds the sandbox without its variables, as a run does', async () => {
  const { stdout } = await project.freshet(['rehearse', 'zoho-books', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'rehearse-no-publish' } });
});

it('a run in this process, and a dry one, have what the sandboxes ask of who comes; what is named by a variable is another place', async () => {
  const local = await project.freshet(['run', 'square', 'pyerp-products', '--local', '--json']);
  expect(envelopeOf(local).data.runs).toMatchObject([{ state: 'completed' }, { state: 'completed' }]);
  const dry = (variables = {}) => project.freshet(['run', 'zoho-books', 'square', '--dry-run', '--json'], variables);
  expect(envelopeOf(await dry())).toMatchObject({ exit_code: 0, data: { pipelines: [{}, {}] } });
  const [books, square] = envelopeOf(await dry({ SQUARE_TEST_BASE_URL: 'http://127.0.0.1:9' })).data.pipelines;
  expect(books.entities[0]).toMatchObject({ decision: 'read' });
  expect(square.entities[0]).toMatchObject({ decision: 'failed', error: { code: 'secret-missing' } });
}, 60_000);

it('what a run deleted is brought back beside the sandbox, too', async () => {
  const { port, credentials } = JSON.parse(readFileSync(join(home, 'sandbox.json'), 'utf8')) as {
    port: number;
    credentials: { controlToken: string };
  };
  const removed = await fetch(`http://127.0.0.1:${port}/__sandbox/remove`, {
    method: 'POST',
    headers: { 'x-sandbox-token': credentials.controlToken },
    body: JSON.stringify({ entity: 'contacts', index: 3 }),
  });
  expect(removed.ok).toBe(true);
  const { data } = envelopeOf(await project.freshet(['run', 'zoho-books', '--entity', 'contacts', '--local', '--json']));
  expect(envelopeOf(await project.freshet(['deletes', 'undo', data.id, '--json']))).toMatchObject({
    exit_code: 0,
    data: { undone: [{ entity: 'contacts', undone: 1 }] },
  });
}, 60_000);

it.each(['worker', 'monitor', 'sandbox', 'temporal', 'postgres'])(
  '%s is killed, comes back, and the next run is good',
  async (name) => {
    const before = pidOf(name);
    process.kill(before, 'SIGKILL');
    await until(
      () => noted.includes(`${name} is back`),
      30_000,
      async () => noted,
    );
    expect(pidOf(name)).not.toBe(before);
    expect((await run()).state).toBe('completed');
  },
  120_000,
);

it('stops with everything it started when it is asked to', async () => {
  const pids = ['worker', 'monitor', 'sandbox', 'temporal', 'postgres'].map(pidOf);
  up.kill('SIGTERM');
  await once(up, 'exit');
  await untilGone(pids);
});
