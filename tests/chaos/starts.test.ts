import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { startRun } from '../../src/client/temporal/start-run';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { aftermath } from './aftermath';
import { cell, cellWish, type CellOutcome } from './cell';
import { fetchesOf, repeatedDetails } from './fetched-twice';
import { endOf, PIPELINE, prepareTrial, startIn, type PreparedTrial } from './prepared-trial';

const ROOT = resolve(__dirname, '../..');
const WITHIN_MS = 90_000;
/** What an undisturbed run asks for (kill.test.ts). */
const LISTS = { contacts: [1, 2, 3, 1, 2, 3], items: [1, 2, 1, 2], invoices: [1] };
const STARTS = 20;
/** The others are calls of the same function, from one process: a process takes a second of a core. */
const PROCESSES = cellWish() === null ? 3 : 8;

/** What one start was told, and which run it was shown. */
interface Told {
  readonly kind: 'claimed' | 'taken';
  readonly runId: string;
}

async function midPage(): Promise<CellOutcome> {
  const trial = await prepareTrial([]);
  const { sandbox } = trial.at;
  try {
    sandbox.control.addFault({ match: { kind: 'detail' }, fault: 'delay', delayMs: 40 });
    const runId = await linked(trial, (temporal) => startIn(trial, temporal));
    // The tenth of the first page of 25 details.
    await asked(trial, 10);
    const stopping = trial.worker.stop();
    await stopping;
    const pages = await trial.at.db.query(`select from freshet.page p where p.run_id = $1 and p.kind = 'detail'`, [runId]);
    await trial.another();
    const state = await endOf(trial, runId, WITHIN_MS);
    const fetches = fetchesOf(sandbox.control.requestLog());
    const problems = [
      ...(state === 'completed' ? [] : [`the run ended ${state}`]),
      ...(pages.length > 0 ? [] : ['the running page was not finished']),
      ...(repeatedDetails(fetches) === 0 ? [] : [`${repeatedDetails(fetches)} details were fetched twice`]),
      ...listProblems(Object.fromEntries(fetches.lists)),
      ...(await aftermath(trial.at, runId)),
    ];
    return { problems: [...problems, ...(await closedCleanly(trial))] };
  } finally {
    await trial.close();
  }
}

function listProblems(lists: Readonly<Record<string, readonly number[]>>): string[] {
  return Object.entries(LISTS).flatMap(([entity, pages]) =>
    String(lists[entity]) === String(pages) ? [] : [`${entity}: list pages ${String(lists[entity])} instead of ${String(pages)}`],
  );
}

/** The worker is stopped meanwhile, so that the first run is still there when the last one asks. */
async function twentyAtOnce(): Promise<CellOutcome> {
  const trial = await prepareTrial([]);
  try {
    const { told, runId } = await linked(trial, async (temporal) => {
      trial.worker.signal('SIGSTOP');
      const processes = Array.from({ length: PROCESSES }, () => patiently(() => freshetRun(trial)));
      const calls = Array.from({ length: STARTS - PROCESSES }, () => patiently(() => startOnce(trial, temporal)));
      const others = await losers([...calls, ...processes]);
      trial.worker.signal('SIGCONT');
      const all = await Promise.all([...calls, ...processes]);
      return { told: all, runId: others[0]!.runId };
    });
    const state = await endOf(trial, runId, WITHIN_MS);
    const runs = await trial.at.db.query<{ id: string }>(`select id from freshet.run`);
    const claimed = told.filter(({ kind }) => kind === 'claimed');
    const problems = [
      ...(state === 'completed' ? [] : [`the run ended ${state}`]),
      ...(runs.length === 1 ? [] : [`${runs.length} runs began`]),
      ...(claimed.length === 1 ? [] : [`${claimed.length} starts were told that theirs began`]),
      ...told.filter((each) => each.runId !== runId).map((each) => `a start was shown ${each.runId}, which is not the run ${runId}`),
      ...(await aftermath(trial.at, runId)),
    ];
    return { problems: [...problems, ...(await closedCleanly(trial))] };
  } finally {
    await trial.close();
  }
}

/** All but one answer while nothing goes on: the one whose run it is follows it to its end, if it is a process. */
async function losers(starts: readonly Promise<Told>[]): Promise<Told[]> {
  const [taken, troubles]: [Told[], string[]] = [[], []];
  for (const start of starts)
    void start.then(
      (told) => told.kind === 'taken' && taken.push(told),
      (error: unknown) => troubles.push(String(error)),
    );
  const deadline = Date.now() + WITHIN_MS;
  while (taken.length < STARTS - 1) {
    if (Date.now() > deadline || troubles.length > 0)
      throw new Error(`only ${taken.length} of ${STARTS} starts were told that another run is under way: ${troubles.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return taken;
}

async function startOnce({ at: { db, ctx, loaded } }: PreparedTrial, temporal: TemporalLink): Promise<Told> {
  const { request } = claimRequest(loaded, sources, { pipeline: PIPELINE, actor: randomUUID() });
  const { kind, runId } = await startRun({ db, temporal, ctx, reportsFolder: loaded.settings.reports.path }, request);
  return { kind: kind === 'taken' ? 'taken' : 'claimed', runId };
}

/** `freshet run` as it is started for real. */
async function freshetRun({ env }: PreparedTrial): Promise<Told> {
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'client', 'main.js'), 'run', PIPELINE, '--json'], {
    cwd: ROOT,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [said, complained] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const runId = /\d{12}-SYNC-[0-9A-F]{8}/.exec(said)?.[0];
  if (runId === undefined || (code !== 0 && code !== 4)) throw new Error(`freshet run ended with ${code}: ${said}${complained}`);
  return { kind: code === 0 ? 'claimed' : 'taken', runId };
}

async function asked({ at }: PreparedTrial, details: number): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (at.sandbox.control.requestLog().filter(({ kind }) => kind === 'detail').length < details) {
    if (Date.now() > deadline) throw new Error(`${details} details were never asked`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function linked<T>({ at }: PreparedTrial, body: (temporal: TemporalLink) => Promise<T>): Promise<T> {
  const temporal = await connectTemporal(at.loaded.settings.temporal);
  return body(temporal).finally(() => temporal.close());
}

async function closedCleanly(trial: PreparedTrial): Promise<string[]> {
  const backends = await trial.close();
  return [...trial.workers.flatMap(({ surprises }) => surprises), ...backends.map((seen) => `a connection was left behind: ${seen}`)];
}

describe('stops and starts:', () => {
  cell('a worker asked to stop in mid-page finishes the page; the next one completes the run, and nothing is fetched twice', midPage);
  cell('twenty starts at once make one run, and the others are told which', twentyAtOnce);
});

/** Twenty at once and a machine at its limit: Temporal may not answer within its five seconds. Nothing was begun then, and one asks again. */
async function patiently(start: () => Promise<Told>): Promise<Told> {
  for (let round = 1; ; round++) {
    try {
      return await start();
    } catch (error) {
      if (round === 5 || !String(error).includes('Temporal does not answer')) throw error;
    }
  }
}
