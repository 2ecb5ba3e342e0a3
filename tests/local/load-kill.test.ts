import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endRun, requestCancel } from '../../src/database/run-store';
import { verifyInstallation } from '../../src/client/commands/verify';
import { sweepOrphans } from '../../src/monitor/orphans';
import { silentLog } from '../../src/observability/collecting-log';
import { testDatabase } from '../support/database';
import { install, type Installation } from '../support/installation';
import { loadOnce } from './load-once';

/**
 * Issue B1, proof 3: the process of a load dies at a fault site, while a reader watches the tables; then the next load completes.
 * Five sites in CI, another five with another FRESHET_LOAD_SEED; `FRESHET_LOAD_SITES=all` takes every one.
 */
const database = testDatabase();
const LIMIT_MS = 600_000;
const SEED = process.env['FRESHET_LOAD_SEED'] ?? '1';
const SAMPLE = process.env['FRESHET_LOAD_SITES'] === 'all' ? Infinity : 5;

let at: Installation;
let folder: string;
beforeAll(async () => {
  at = await install({ databaseUrl: database.url });
  folder = join(at.folder, 'input');
}, LIMIT_MS);
afterAll(() => at.close());

const ROWS = 60;
const day = (edition: number): string => new Date(Date.UTC(2025, 0, edition)).toISOString().slice(0, 10);
const record = (i: number, edition: number) => ({
  invoice_id: `I${i}`,
  edition,
  last_modified_time: `${day(edition)}T10:00:00+0200`,
  line_items: Array.from({ length: 1 + ((i + edition) % 3) }, (_, n) => ({ line_item_id: `${i}-${n}`, edition })),
});

/** Two files of an edition: the first has the even records, the second the odd ones, of ten more than the edition before. */
function writeEdition(edition: number): void {
  rmSync(folder, { recursive: true, force: true });
  for (const rest of [0, 1]) {
    const path = join(folder, `${day(edition)}_10-00-0${rest}`, 'invoices.json');
    mkdirSync(dirname(path), { recursive: true });
    const records = Array.from({ length: ROWS + 10 * edition }, (_, i) => i).filter((i) => i % 2 === rest);
    writeFileSync(path, JSON.stringify(records.map((i) => record(i, edition))));
  }
}

const STATE = `select (select count(*) || ' rows, editions ' || sum(edition) from public.json_invoices) || ', '
                   || (select count(*) || ' lines, editions ' || sum(edition) from public.json_invoices_line_items) as state`;

/** What a reader may see while an edition is loaded: the tables before it, after its first file, after its second. */
function expectedStates(edition: number): string[] {
  const all = (of: (i: number) => number): ReturnType<typeof record>[] =>
    Array.from({ length: ROWS + 10 * edition }, (_, i) => i).flatMap((i) => (of(i) === 0 ? [] : [record(i, of(i))]));
  const held = (i: number): number => (i < ROWS + 10 * (edition - 1) ? edition - 1 : 0);
  return [all(held), all((i) => (i % 2 === 0 ? edition : held(i))), all(() => edition)].map((records) => {
    const lines = records.flatMap(({ line_items }) => line_items);
    const sum = (list: readonly { edition: number }[]): number => list.reduce((total, one) => total + one.edition, 0);
    return `${records.length} rows, editions ${sum(records)}, ${lines.length} lines, editions ${sum(lines)}`;
  });
}

const look = async (): Promise<string> => (await at.db.query<{ state: string }>(STATE))[0]!.state;

/** Loads in a process of its own; `null`: it was killed. */
function loadApart(faults: string): Promise<number | null> {
  const script = join(__dirname, 'load-player.ts');
  const child = spawn(process.execPath, ['-r', join(__dirname, '../../scripts/typescript.cjs'), script, folder], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      FRESHET_ENV: 'test',
      FRESHET_HOME: at.folder,
      FRESHET_REPORTS_PATH: join(at.folder, 'reports'),
      FRESHET_FAULTS: faults,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code)));
}

/** What the lane's owner is left with: who finds it cancels it. */
async function cancelLeft(): Promise<void> {
  const left = await at.db.query<{ id: string }>(`select id from freshet.run where state in ('starting', 'running')`);
  for (const { id } of left) {
    await requestCancel(at.db, id);
    await endRun(at.db, { runId: id, state: 'cancelled' }, at.ctx);
  }
}

async function tracedSites(): Promise<Map<string, number>> {
  const file = join(at.folder, 'trace');
  writeEdition(2);
  expect(await loadApart(`trace:${file}`)).toBe(0);
  const hits = new Map<string, number>();
  for (const site of readFileSync(file, 'utf8').split('\n').filter(Boolean)) hits.set(site, (hits.get(site) ?? 0) + 1);
  return hits;
}

const draw = (below: number, word: string): number => createHash('sha256').update(`${SEED} ${word}`).digest().readUInt32BE(0) % below;

/** Sites in the seed's order: of the files, of their import, of the load. */
function sample(hits: ReadonlyMap<string, number>): { site: string; hit: number }[] {
  const sites = [...hits.keys()].sort((a, b) => draw(1e9, a) - draw(1e9, b));
  const kinds = [
    /^load\.import|^load\.open|^load\.after-import/,
    /^load\.(before|after)-|^load\.copy/,
    /^load\.merge/,
    /^landing\./,
    /^(?!load|landing)/,
  ];
  const first = kinds.flatMap((kind) => sites.find((site) => kind.test(site)) ?? []);
  return [...new Set([...first, ...sites])].slice(0, SAMPLE).map((site) => ({ site, hit: 1 + draw(hits.get(site)!, `hit ${site}`) }));
}

test(
  'a load that dies at any boundary leaves nothing half-visible, and the next load completes',
  async () => {
    writeEdition(1);
    expect((await loadOnce(at, folder)).map(({ state }) => state)).toEqual(['completed']);
    const hits = await tracedSites();
    expect(hits.size).toBeGreaterThan(50);
    let edition = 2;
    for (const { site, hit } of sample(hits)) {
      writeEdition(++edition);
      const allowed = expectedStates(edition);
      const seen = new Set<string>();
      let going = true;
      const reader = (async () => {
        while (going) seen.add(await look());
      })();
      expect({ site, hit, code: await loadApart(`kill:${site}:${hit}`) }).toEqual({ site, hit, code: null });
      await cancelLeft();
      const [next] = await loadOnce(at, folder);
      going = false;
      await reader;
      expect({ site, hit, state: next?.state }).toEqual({ site, hit, state: 'completed' });
      expect({ site, hit, seen: [...seen].filter((state) => !allowed.includes(state)) }).toEqual({ site, hit, seen: [] });
      expect({ site, hit, after: await look() }).toEqual({ site, hit, after: allowed[2] });
    }
    // The monitor's round, which every installation has.
    await sweepOrphans(at.db, at.ctx);
    expect((await verifyInstallation({ loaded: at.loaded, log: silentLog }, at.db)).violations).toEqual([]);
  },
  LIMIT_MS,
);
