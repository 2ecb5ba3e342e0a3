import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withConnection } from '../../src/stack/postgres-connection';
import type { Measured } from '../cases';
import { worstOfWorker } from './gauges';
import { startSquareStack, type SquareStack } from './stack';

/** The floor first: the same pages fetched and written to files by a script that does nothing else. */
export const SQUARE_CASES = ['fetch_floor', 'extract', 'square_first', 'square_unchanged', 'square_changed'] as const;
export type SquareCase = (typeof SQUARE_CASES)[number];

/** So many orders are edited before `square_changed`. */
const CHANGED = 1_000;

export interface SquareMeasured extends Measured {
  /** Of `square_changed`, by entity. */
  readonly requests_per_1000_changed?: Readonly<Record<string, number>>;
}

interface Wish {
  readonly orders: number;
  readonly rounds: number;
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Each round with a stack of its own: what a first run meets is an empty database. */
export async function measureSquare({ orders, rounds, folder, say }: Wish): Promise<Map<SquareCase, SquareMeasured[]>> {
  const measured = new Map<SquareCase, SquareMeasured[]>(SQUARE_CASES.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    const place = join(folder, `square-${round}`);
    mkdirSync(place);
    const stack = await startSquareStack(place, orders);
    try {
      const keep = (name: SquareCase, one: SquareMeasured): void => {
        say(`round ${round}: ${name} ${one.seconds.toFixed(2)} s, ${one.rss_mb} MB`);
        measured.get(name)!.push(one);
      };
      keep('square_first', await wholeRun(stack, orders));
      keep('square_unchanged', await wholeRun(stack, orders));
      keep('fetch_floor', await apart(stack, { program: 'floor.ts', folder: place, orders }));
      keep('extract', await apart(stack, { program: 'extract.ts', folder: place, orders }));
      keep('square_changed', await changedRun(stack, orders));
    } finally {
      await stack.stop();
    }
  }
  return measured;
}

/** As a person starts it: from the command to its end, Temporal, verification and report included. */
async function wholeRun(stack: SquareStack, orders: number): Promise<SquareMeasured & { readonly runId: string }> {
  const from = Date.now();
  const run = (await stack.freshet('run', 'square')) as { id: string; state: string };
  const seconds = (Date.now() - from) / 1000;
  const held = await rowsOf(stack);
  return {
    runId: run.id,
    rows: held.all,
    seconds,
    ...worstOfWorker(stack.gauges, from, Date.now()),
    checks_ok: run.state === 'completed' && held.orders === orders,
  };
}

async function rowsOf({ databaseUrl }: SquareStack): Promise<{ orders: number; all: number }> {
  let all = 0;
  let orders = 0;
  await withConnection(databaseUrl, async (client) => {
    const owned = await client.query<{ table: string; rows: string }>(
      `select "table", live + lines as rows from freshet.table_owner where schema = 'square'`,
    );
    all = owned.rows.reduce((sum, { rows }) => sum + Number(rows), 0);
    const counted = await client.query<{ n: string }>(`select count(*) as n from square.json_orders where deleted_at is null`);
    orders = Number(counted.rows[0]?.n);
  });
  return { orders, all };
}

async function apart(
  { baseUrl, accessToken, databaseUrl, env }: SquareStack,
  { program, folder, orders }: { readonly program: string; readonly folder: string; readonly orders: number },
): Promise<SquareMeasured> {
  const job = join(folder, 'job.json');
  writeFileSync(job, JSON.stringify({ baseUrl, accessToken, folder, databaseUrl }));
  const words = ['-r', join(__dirname, '../../scripts/typescript.cjs'), join(__dirname, program), job];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: { ...env, DATABASE_URL: databaseUrl } });
  const { records, ...measured } = JSON.parse(stdout) as { seconds: number; records: number; rss_mb: number; loop_delay_p99_ms?: number };
  return { loop_delay_p99_ms: 0, ...measured, rows: records, checks_ok: records === orders };
}

async function changedRun(stack: SquareStack, orders: number): Promise<SquareMeasured> {
  const changed = Math.min(CHANGED, orders);
  await stack.tell('clock', { advanceMs: 3_600_000 });
  for (let n = 0; n < changed; n++)
    await stack.tell('edit', { entity: 'orders', index: Math.floor((n * orders) / changed), patch: { ticket_name: `edited ${n}` } });
  const { runId, ...measured } = await wholeRun(stack, orders);
  const requests: Record<string, number> = {};
  let updated = 0;
  await withConnection(stack.databaseUrl, async (client) => {
    const calls = await client.query<{ entity: string; calls: string }>(
      `select entity, calls from freshet.api_run where run_id = $1 order by entity`,
      [runId],
    );
    for (const { entity, calls: n } of calls.rows) requests[entity] = (Number(n) * 1_000) / changed;
    const told = await client.query<{ updated: string }>(`select updated from freshet.run_entity where run_id = $1 and entity = 'orders'`, [
      runId,
    ]);
    updated = Number(told.rows[0]?.updated);
  });
  return { ...measured, checks_ok: measured.checks_ok && updated === changed, requests_per_1000_changed: requests };
}
