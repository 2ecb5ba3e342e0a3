import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { transformFileSync } from '@swc/core';
import { sandboxOptions } from '../../src/sandbox/main';
import type { Sandbox } from '../../src/sandbox';
import { accessToken, call } from './independent-client';

const SOURCE = join(__dirname, '../../src/sandbox');
const built = mkdtempSync(join(tmpdir(), 'freshet-sandbox-'));
const running = new Set<ChildProcessWithoutNullStreams>();

/** The sandbox as plain JavaScript, and nothing else of freshet beside it: it must run alone. */
beforeAll(() => {
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))) {
    const { code } = transformFileSync(join(SOURCE, name), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    const target = join(built, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(built, { recursive: true });
});

function start(...words: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [join(built, 'main.js'), ...words]);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function announced(child: ChildProcessWithoutNullStreams): Promise<Sandbox> {
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Sandbox;
}

describe('the sandbox as a process', () => {
  it('announces itself in one JSON line, serves, and ends on SIGTERM', async () => {
    const child = start('--seed', '3', '--contacts', '5', '--items', '5', '--invoices', '9', '--calls-per-minute', '6000');
    const account = await announced(child);
    expect(account.controlToken).toMatch(/^[0-9a-f]{32}$/);
    const body = await call(account, await accessToken(account), 'invoices');
    expect(body.invoices).toHaveLength(9);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('is the one for Square when the first word says so, and tells what there is for any other', async () => {
    const { url, accessToken } = (await announced(start('square', '--orders', '9', '--short-pages'))) as unknown as Record<string, string>;
    const answer = await fetch(`${url}/v2/locations`, { headers: { Authorization: `Bearer ${accessToken}` } });
    expect(((await answer.json()) as { locations: unknown[] }).locations).toHaveLength(3);
    const child = start('shopify');
    const [chunk] = (await once(child.stderr, 'data')) as [Buffer];
    expect(String(chunk)).toBe(
      'The sandbox did not start: there is no stand-in for shopify; there is one for zoho-books, square, legacy-4d\n',
    );
  });

  it('ends when its stdin closes, if asked to', async () => {
    const child = start('--exit-with-stdin');
    await announced(child);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says what is wrong with its words and ends with 2', async () => {
    const child = start('--invoices', 'many');
    const [[chunk], [code]] = (await Promise.all([once(child.stderr, 'data'), once(child, 'exit')])) as [[Buffer], [number]];
    expect(String(chunk)).toBe('The sandbox did not start: --invoices takes a whole number, not many\n');
    expect(code).toBe(2);
  });
});

describe('its flags', () => {
  it('become options, and nothing where none was given', () => {
    expect(sandboxOptions([]).options).toEqual({
      seed: 1,
      counts: { contacts: 50, items: 50, invoices: 300 },
      freeze: false,
      logIds: false,
    });
    const words = [
      '--seed',
      '9',
      '--start-clock',
      '2026-01-01T00:00:00Z',
      '--client-id',
      'c',
      '--concurrent',
      '4',
      '--freeze',
      '--exit-with-stdin',
    ];
    expect(sandboxOptions(words)).toMatchObject({
      exitWithStdin: true,
      options: { seed: 9, startClock: new Date('2026-01-01T00:00:00Z'), clientId: 'c', concurrent: 4, freeze: true },
    });
    expect(() => sandboxOptions(['--start-clock', 'soon'])).toThrow('--start-clock takes');
    expect(() => sandboxOptions(['--unicorn'])).toThrow('--unicorn');
  });
});
