import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEntities, readRun } from '../../src/database/run-store';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { leftovers } from '../chaos/leftovers';
import { testDatabase } from '../support/database';
import { install, type Installation, type InstallationOptions } from '../support/installation';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';

const WORLD = { counts: { contacts: 30, items: 5, invoices: 8 } };

/** A disk that fails at a site until its trouble is over, or that is full for real. */
interface Disk {
  readonly faults: { fault(site: string): void };
  readonly variables?: Record<string, string>;
  heal(): void;
}

interface Trouble {
  readonly site: string;
  readonly code: string;
  /** The first passage that fails. */
  readonly from: number;
  readonly times: number;
}

function failing(...troubles: readonly Trouble[]): Disk {
  const passed = new Map<string, number>();
  let healed = false;
  return {
    faults: {
      fault(site) {
        const count = (passed.get(site) ?? 0) + 1;
        passed.set(site, count);
        const trouble = troubles.find((each) => each.site === site && count >= each.from && count < each.from + each.times);
        if (trouble === undefined || healed) return;
        throw Object.assign(new Error(`${trouble.code}: injected at fault site ${site}`), { code: trouble.code });
      },
    },
    heal: () => void (healed = true),
  };
}

async function wrong({ db, landing, ctx, sandbox, loaded }: Installation, runId: string): Promise<string[]> {
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox) }, ctx);
  const folders = { landing: loaded.settings.landing.path, reports: loaded.settings.reports.path, runId };
  return [...deep.violations.map(({ name, message }) => `${name}: ${message}`), ...(await leftovers(db, folders))];
}

const database = testDatabase();
const others = [testDatabase(), testDatabase(), testDatabase()];

async function withInstallation<T>(url: string, options: Partial<InstallationOptions>, body: (at: Installation) => Promise<T>): Promise<T> {
  const at = await install({ databaseUrl: url, sandbox: WORLD, ...options });
  try {
    return await body(at);
  } finally {
    await at.close();
  }
}

describe('a disk that fails in the middle of a run costs it time only: it goes on once the disk does', () => {
  it.each([
    [
      'full while a file is being written, then EIO when one is synced',
      0,
      [
        { site: 'landing.before-write', code: 'ENOSPC', from: 4, times: 2 },
        { site: 'landing.after-write', code: 'EIO', from: 7, times: 1 },
      ],
    ],
    [
      'EIO when a file gets its name, then when the folder of a new name is synced',
      1,
      [
        { site: 'landing.before-rename', code: 'EIO', from: 2, times: 2 },
        { site: 'landing.after-rename', code: 'EIO', from: 5, times: 1 },
      ],
    ],
  ])('%s', async (_how, index, troubles) => {
    await withInstallation(others[index]!.url, failing(...troubles), async (at) => {
      const { runId, state } = await at.run();
      expect(state).toBe('completed');
      expect(await wrong(at, runId)).toEqual([]);
    });
  });
});

/** Nothing that is half there is published, the error says where and how much room there is, and the next run goes on from there. */
async function endsWithoutRoom(at: Installation, disk: Disk): Promise<void> {
  // The report has no room either: its step fails, as often as it is tried, and the run is final nevertheless.
  await expect(at.run()).rejects.toMatchObject({
    type: 'file_error',
    message: expect.stringContaining('ENOSPC') as string,
    where: expect.stringContaining(at.loaded.settings.reports.path) as string,
    facts: { freeBytes: expect.any(Number) as number },
  });
  const [run] = await at.db.query<{ id: string }>(`select id from freshet.run order by created_at desc limit 1`);
  const runId = run!.id;
  // What fitted is in.
  expect((await readRun(at.db, runId)).state).toMatch(/^(failed|partial)$/);
  expect((await readEntities(at.db, runId)).filter(({ state }) => state === 'failed')[0]).toMatchObject({
    error_type: 'file_error',
    error_message: expect.stringContaining(at.loaded.settings.landing.path) as string,
    error_remedy: expect.stringContaining('Free space') as string,
  });
  expect(await at.db.query(`select from freshet.batch where state = 'published'`)).toEqual([]);
  // The next run goes on with what stays open.
  const open = /^(the extraction of|table freshet_stage\.seen|batch .* planned$|the report)/;
  expect((await wrong(at, runId)).filter((problem) => !open.test(problem))).toEqual([]);
  disk.heal();
  // As the activity's next attempt does it.
  await at.steps.endRun({ runId }, at.ctx);
  expect(existsSync(join(at.loaded.settings.reports.path, 'sync', runId, '_SYNC_SUMMARY.md'))).toBe(true);
  const next = await at.run();
  expect(next.state).toBe('completed');
  expect(await wrong(at, next.runId)).toEqual([]);
}

it('a disk that stays full ends the run failed, with path and room named; after space is back report and data come', async () => {
  const disk = failing({ site: 'landing.before-write', code: 'ENOSPC', from: 1, times: Infinity });
  await withInstallation(database.url, disk, (at) => endsWithoutRoom(at, disk));
});

const mounted = mountSmall();
afterAll(() => mounted?.unmount());

(mounted === null ? it.skip : it)(
  'a file system that is really full gives a short write first: nothing of it is published (needs root and mount)',
  async () => {
    const { folder } = mounted!;
    const ballast = join(folder, 'ballast');
    // Room for folders and for half of the first page.
    writeFileSync(ballast, Buffer.alloc(roomIn(folder) - 4 * 4096));
    let opened = 0;
    const disk: Disk = {
      faults: { fault: (site) => void (site === 'landing.before-open' && (opened += 1)) },
      heal: () => rmSync(ballast),
    };
    const places = { FRESHET_LANDING_PATH: join(folder, 'landing'), FRESHET_REPORTS_PATH: join(folder, 'reports') };
    await withInstallation(others[2]!.url, { ...disk, variables: places }, async (at) => {
      await endsWithoutRoom(at, disk);
      expect(opened).toBeGreaterThan(3);
    });
  },
);

function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** A file system of a megabyte in memory; `null` where one may not be mounted. */
function mountSmall(): { readonly folder: string; unmount(): void } | null {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'freshet-full', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    folder,
    unmount() {
      execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
