import { connectTemporal } from '../../src/client/temporal/connect-temporal';
import { workflowId } from '../../src/domain/ids';
import { FAULT_SITES } from '../../src/observability/fault-sites';
import { aftermath } from './aftermath';
import { cell, cellWish, type CellOutcome } from './cell';
import { changes, everythingHeld } from './everything-held';
import { endOf, PIPELINE, prepareTrial, startIn, type PreparedTrial } from './prepared-trial';

const WITHIN_MS = 90_000;
/** How long a zombie that woke may go on before it is asked to end; it comes to its next write within milliseconds. */
const AWAKE_MS = 5_000;
/** The monitor's next round. */
const SWEPT_MS = 10_000;

/** The zombie tells every step that failed; the monitor of the other worker looks often. */
const OFTEN = { FRESHET_LOGGING_LEVEL: 'info', FRESHET_MONITOR_EVERY: '1s' };

/** How a worker tells that a step of its was refused, or stopped (observability/catalogue/activities.ts). */
const REFUSED = /"id":"AC-00[12]"/;

/** Where a worker stands right before or right after it writes a table or a file. */
const WRITING =
  /before-commit$|^landing\.(after-write|after-sync|before-open|before-rename|after-rename|before-remove|(before|after)-draft.*)$|^extract\.before-(batch-file|metadata|work-removal)$|^load\.(before-copy|before-copy-end|after-copy|before-merge)$|^(run|verify)\.before-end$/;
/** Passed by the client, by the rounds of the monitor, or by no run of this test. */
const BESIDE =
  /^(claim|client|monitor|schedule|run\.born-final|extract\.(lift-token|undo)|load\.(open|import|backfill|hold|recreate)|recount)\./;

/** A worker stops at `place`, another takes over and completes the run; then the first one wakes. */
async function zombie(place: string): Promise<CellOutcome> {
  const trial = await prepareTrial([`stop:${place}`], { variables: OFTEN });
  try {
    const runId = await started(trial);
    await trial.worker.stopped(WITHIN_MS);
    await trial.another();
    const state = await endOf(trial, runId, WITHIN_MS);
    const problems = [...(state === 'completed' ? [] : [`the run ended ${state}`]), ...(await wakes(trial))];
    return {
      problems: [...problems, ...(await aftermath(trial.at, runId)), ...(await closedCleanly(trial))],
      facts: { refused: refusals(trial.worker.told).length },
    };
  } finally {
    await trial.close();
  }
}

/** A run is closed while its only worker is stopped; the next run adopts its extraction and completes; then the worker wakes. */
async function zombieOfAClosedRun(): Promise<CellOutcome> {
  const variables = { ...OFTEN, FRESHET_MONITOR_LOST_AFTER: '1s' };
  const trial = await prepareTrial(['stop:extract.detail-page.before-commit:2'], { variables });
  const { db } = trial.at;
  try {
    const closed = await started(trial);
    await trial.worker.stopped(WITHIN_MS);
    await terminate(trial, closed);
    await trial.another();
    const ended = await endOf(trial, closed, WITHIN_MS);
    const next = await started(trial);
    const state = await endOf(trial, next, WITHIN_MS);
    const adopted = await db.query(
      `select from freshet.extraction x where x.owner_run = $1 and x.entity = 'invoices'
          and exists (select from freshet.page p where p.extraction_id = x.id and p.run_id = $2)`,
      [next, closed],
    );
    const problems = [
      ...(ended === 'failed' ? [] : [`the run without a workflow ended ${ended}`]),
      ...(state === 'completed' ? [] : [`the next run ended ${state}`]),
      ...(adopted.length === 1 ? [] : ['the next run did not adopt the extraction']),
      ...(await wakes(trial)),
    ];
    return {
      problems: [...problems, ...(await aftermath(trial.at, next)), ...(await closedCleanly(trial))],
      facts: { refused: refusals(trial.worker.told).length },
    };
  } finally {
    await trial.close();
  }
}

async function started(trial: PreparedTrial): Promise<string> {
  const temporal = await connectTemporal(trial.at.loaded.settings.temporal);
  return startIn(trial, temporal).finally(() => temporal.close());
}

async function terminate({ at }: PreparedTrial, runId: string): Promise<void> {
  const temporal = await connectTemporal(at.loaded.settings.temporal);
  await temporal.client.workflow
    .getHandle(workflowId(PIPELINE, runId))
    .terminate('by a test')
    .finally(() => temporal.close());
}

/**
 * Wakes the first worker, lets it try, asks it to end; sentences about anything that became different by it. What it wrote into its work
 * folder the monitor's next round takes away.
 */
async function wakes({ at, worker }: PreparedTrial): Promise<string[]> {
  const before = await everythingHeld(at);
  // A slow machine may have made it lose steps before it stopped: those are not meant.
  const lastWords = worker.told.slice(-300);
  const sinceThen = (): string => worker.told.slice(worker.told.lastIndexOf(lastWords) + lastWords.length);
  worker.signal('SIGCONT');
  await within(AWAKE_MS, () => Promise.resolve(REFUSED.test(sinceThen())));
  await worker.stop();
  const same = async (): Promise<boolean> => changes(before, await everythingHeld(at)).length === 0;
  await within(SWEPT_MS, same);
  const told = refusals(sinceThen());
  return [
    ...changes(before, await everythingHeld(at)),
    ...(new Set(told).size === told.length ? [] : [`the zombie told a refusal twice: ${told.join('; ')}`]),
  ];
}

async function within(ms: number, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + ms; Date.now() < deadline && !(await holds());)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Each step that was refused, by entity, activity, the number Temporal gave it, and attempt: an entity's extraction is several steps. */
function refusals(told: string): string[] {
  const lines = told.split('\n').filter((line) => REFUSED.test(line) && line.endsWith('}'));
  return lines.map((line) => {
    const { workflow, activity, activity_id: step, attempt } = JSON.parse(line) as Record<string, unknown>;
    return [workflow, activity, step, attempt].join(' ');
  });
}

async function closedCleanly(trial: PreparedTrial): Promise<string[]> {
  const backends = await trial.close();
  const surprises = trial.workers.flatMap((worker) => worker.surprises.map((surprise) => `${surprise}: ${worker.told}`));
  return [...surprises, ...backends.map((seen) => `a connection was left behind: ${seen}`)];
}

describe('a worker that was stopped, and wakes when another has finished its run, changes nothing:', () => {
  cell('a zombie before the COMMIT of a page of details', () => zombie('extract.detail-page.before-commit:2'));
  cell('a zombie of a closed run whose extraction the next run adopted', zombieOfAClosedRun);

  if (cellWish()?.stops === true) {
    for (const site of FAULT_SITES.filter((each) => WRITING.test(each) && !BESIDE.test(each)))
      cell(`a zombie at ${site}`, () => zombie(`${site}:1`));
  }
});
