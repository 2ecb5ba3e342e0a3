import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDatabase } from '../support/database';

/** Issue C1, item 10: two processes at one account. In CI their first burst; with FRESHET_BUDGET_MINUTES so many minutes of them. */
const database = testDatabase();
const LIMIT = 30;
const MINUTE_MS = 60_000;
const MINUTES = Number(process.env['FRESHET_BUDGET_MINUTES'] ?? 0);

interface Arrival {
  readonly at: number;
  readonly process: string;
}

const arrivals: Arrival[] = [];
const children: ChildProcess[] = [];
let server: Server;

beforeAll(async () => {
  server = createServer(({ url }, answer) => {
    arrivals.push({ at: performance.now(), process: url?.split('?')[1] ?? '' });
    setTimeout(() => answer.end('{}'), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await Promise.all(children.map(ended));
  await new Promise((resolve) => server.close(resolve));
});

function start(): ChildProcess {
  const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), join(__dirname, 'budget-player.ts')];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(process.execPath, [...words, database.url, url, String(LIMIT)], { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('close', () => resolve());
    if (!child.kill('SIGKILL')) resolve();
  });
}

/** The most that arrived within a minute. */
function most(): number {
  return Math.max(...arrivals.map(({ at }) => arrivals.filter((other) => other.at >= at && other.at <= at + MINUTE_MS).length));
}

const bothCame = (): boolean => new Set(arrivals.map(({ process }) => process)).size > 1;

test(
  'two processes at one account send together what it lets through in a minute, and use all of it',
  async () => {
    start();
    start();
    while (arrivals.length < LIMIT) await sleep(20);
    // Whatever would be too much would be sent at once.
    await sleep(MINUTES === 0 ? 1_500 : MINUTES * MINUTE_MS);
    if (MINUTES === 0) expect(arrivals).toHaveLength(LIMIT);
    else {
      expect(bothCame()).toBe(true);
      expect(arrivals.length).toBeGreaterThan(LIMIT * MINUTES * 0.9);
    }
    expect(most()).toBe(LIMIT);
  },
  MINUTE_MS * (MINUTES + 2),
);
