import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isFreshetError } from '../../src/domain/errors';
import { checkDefects, defect, DEFECTS, plantDefects } from '../../src/observability/defects';
import { createFaults, faultsFrom, noFaults } from '../../src/observability/faults';

const folder = () => mkdtempSync(join(tmpdir(), 'freshet-faults-'));

/** Which of the hits of one site threw, counted from 1. */
function thrown(spec: string, sites: readonly string[]): (string | undefined)[] {
  const { fault } = createFaults(spec);
  return sites.map((site) => {
    try {
      void fault(site);
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  });
}

function code(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return isFreshetError(error) ? error.code : String(error);
  }
}

test('without a specification every process shares one function that does nothing', () => {
  expect(createFaults(undefined)).toBe(noFaults);
  expect(createFaults(' ')).toBe(noFaults);
  expect(noFaults.fault('anything')).toBeUndefined();
});

test('an error is thrown at the n-th hit of its site, once, with the errno code asked for', () => {
  expect(thrown('error:a:2:ENOSPC', ['a', 'b', 'a', 'a'])).toEqual([undefined, undefined, 'ENOSPC', undefined]);
  expect(thrown('error:a:1', ['a'])).toEqual(['EIO']);
  expect(() => createFaults('error:a:1:ECONNRESET').fault('a')).toThrow(
    expect.objectContaining({ errno: -104, syscall: 'fault' }) as Error,
  );
});

test('a seed gives the same faults whatever happens at other sites, and other ones under another seed', () => {
  const sites = Array.from({ length: 60 }, (_, n) => `site-${n % 12}`);
  const alone = thrown('seed:5', sites);
  expect(thrown('seed:5', sites)).toEqual(alone);
  expect(alone.some((hit) => hit === 'EIO')).toBe(true);
  expect(alone.filter((hit) => hit === undefined).length).toBeGreaterThan(30);
  expect(thrown('seed:6', sites)).not.toEqual(alone);
});

test('a trace holds every hit in order, the fatal one included, and is appended to', () => {
  const file = join(folder(), 'trace');
  thrown(`trace:${file},error:b:1`, ['a', 'b']);
  thrown(`trace:${file}`, ['c']);
  expect(readFileSync(file, 'utf8')).toBe('a\nb\nc\n');
});

test.each(['kill:a', 'kill:a:0', 'kill@x', 'explode:a:1', 'error:a:1:ENOTHING', 'trace:', 'nonsense'])('the rule %s is refused', (spec) => {
  expect(code(() => createFaults(spec))).toBe('faults-spec');
});

test('a rule for a site that does not exist is refused where the sites are known', () => {
  expect(code(() => createFaults('kill:typo:1', { sites: ['landing.after-rename'] }))).toBe('faults-spec');
});

test('faults are refused everywhere but in development and test', () => {
  expect(code(() => createFaults('kill@1', { environment: 'production' }))).toBe('faults-refused');
  expect(code(() => faultsFrom({ FRESHET_FAULTS: 'kill@1', FRESHET_ENV: 'live' }))).toBe('faults-refused');
  expect(faultsFrom({ FRESHET_ENV: 'production' })).toBe(noFaults);
});

const SCRIPT = `
  require('@swc/core');
  const { transformFileSync } = require('@swc/core');
  require.extensions['.ts'] = (module, file) =>
    module._compile(transformFileSync(file, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }).code, file);
  const { faultsFrom } = require('./src/observability/faults.ts');
  const { fault } = faultsFrom(process.env);
  for (const site of ['a', 'b', 'a', 'c']) { fault(site); process.stdout.write(site); }
`;

function child(variables: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['-e', SCRIPT], {
    cwd: join(__dirname, '../..'),
    env: { ...process.env, FRESHET_ENV: 'test', ...variables },
  });
}

async function ended(process: ChildProcess): Promise<{ said: string; signal: NodeJS.Signals | null }> {
  let said = '';
  process.stdout!.on('data', (chunk) => (said += String(chunk)));
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => process.on('close', (_, by) => resolve(by)));
  return { said, signal };
}

test('a kill ends the process at its hit, before the next step, and only once while the marker stays', async () => {
  const marker = join(folder(), 'spent');
  const variables = { FRESHET_FAULTS: 'kill:a:2', FRESHET_FAULTS_MARKER: marker };
  expect(await ended(child(variables))).toEqual({ said: 'ab', signal: 'SIGKILL' });
  expect(existsSync(marker)).toBe(true);
  expect(await ended(child(variables))).toEqual({ said: 'abac', signal: null });
});

test('a kill can count the hits of all sites', async () => {
  expect(await ended(child({ FRESHET_FAULTS: 'kill@4' }))).toEqual({ said: 'aba', signal: 'SIGKILL' });
});

test('a stop halts the process until somebody continues it', async () => {
  const file = join(folder(), 'trace');
  const stopped = child({ FRESHET_FAULTS: `trace:${file},stop:b:1` });
  const end = ended(stopped);
  const stat = `/proc/${String(stopped.pid)}/stat`;
  const state = () => (existsSync(stat) ? readFileSync(stat, 'utf8').split(') ')[1]![0] : 'gone');
  while (state() !== 'T') await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  stopped.kill('SIGCONT');
  expect(await end).toEqual({ said: 'abac', signal: null });
});

describe('planted defects', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  test('none is there unless named, by the variable or by a test', () => {
    expect(DEFECTS.filter((name) => defect(name))).toEqual([]);
    process.env['FRESHET_DEFECTS'] = 'cursor-exclusive, token-check-off';
    expect(DEFECTS.filter((name) => defect(name))).toEqual(['cursor-exclusive', 'token-check-off']);
    delete process.env['FRESHET_DEFECTS'];
    const takeOut = plantDefects('page-counted-twice');
    expect(DEFECTS.filter((name) => defect(name))).toEqual(['page-counted-twice']);
    takeOut();
    expect(DEFECTS.filter((name) => defect(name))).toEqual([]);
  });

  test.each(['production', 'live', 'staging'])('none can be switched on in environment %s', (environment) => {
    const takeOut = plantDefects('cursor-exclusive');
    process.env['FRESHET_ENV'] = environment;
    process.env['FRESHET_DEFECTS'] = DEFECTS.join(',');
    expect(DEFECTS.filter((name) => defect(name))).toEqual([]);
    expect(code(() => plantDefects('cursor-exclusive'))).toBe('defects-refused');
    expect(code(() => checkDefects(environment))).toBe('defects-refused');
    takeOut();
  });

  test('a defect that does not exist is refused at the start', () => {
    process.env['FRESHET_DEFECTS'] = 'cursor-exlusive';
    expect(code(() => checkDefects('test'))).toBe('defects-refused');
  });
});
