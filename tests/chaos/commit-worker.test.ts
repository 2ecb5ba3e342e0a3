import { connectTemporal, type TemporalLink } from '../../src/client/temporal/connect-temporal';
import { startRun } from '../../src/client/temporal/start-run';
import { readRun } from '../../src/database/run-store';
import { workflowId } from '../../src/domain/ids';
import { claimRequest } from '../../src/run/claim-request';
import { sources } from '../../src/sources';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import { testDatabase } from '../support/database';
import { testTemporal } from '../support/temporal';
import { openBench, until, type Bench } from '../temporal/bench';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';
import { commitProxy, type CommitProxy, type Fate } from './commit-proxy';
import { startProxy, type StartProxy } from './start-proxy';

const WITHIN_MS = 120_000;
const WORLD = { counts: { contacts: 12, items: 8, invoices: 10 }, freeze: true };

const database = testDatabase();
let postgres: CommitProxy;
let temporal: StartProxy;
let bench: Bench;
let link: TemporalLink;

beforeAll(async () => {
  postgres = await commitProxy(database.url);
  temporal = await startProxy(testTemporal().address);
  bench = await openBench({ databaseUrl: postgres.url, sandbox: WORLD });
  await bench.worker();
  link = await connectTemporal({ ...bench.installation.loaded.settings.temporal, address: temporal.address });
}, WITHIN_MS);
afterAll(async () => {
  await link.close();
  await temporal.close();
  await bench.close();
  await postgres.close();
});

async function violations(): Promise<string[]> {
  const { db, landing, ctx, sandbox } = bench.installation;
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox) }, ctx);
  return deep.violations.map(({ name, message }) => `${name}: ${message}`);
}

it(
  'a worker whose first merge loses its answer and whose second loses its request ends the run completed, with every row once',
  async () => {
    const fates: Fate[] = ['lose-answer', 'lose-request'];
    postgres.fate = ({ statements }) =>
      /^commit/.test(statements.at(-1) ?? '') && statements.some((said) => said.includes(`freshet.batch set state = 'loaded'`))
        ? (fates.shift() ?? 'pass')
        : 'pass';
    const { runId } = await bench.start();
    expect(await bench.ended(runId)).toBe('completed');
    postgres.fate = () => 'pass';
    expect(fates).toEqual([]);
    expect(await violations()).toEqual([]);
    const rows = await bench.installation.db.query(
      `select entity, landed, inserted from freshet.run_entity where run_id = $1 order by entity`,
      [runId],
    );
    expect(rows).toEqual([
      { entity: 'contacts', landed: '12', inserted: '12' },
      { entity: 'invoices', landed: '10', inserted: '10' },
      { entity: 'items', landed: '8', inserted: '8' },
    ]);
  },
  WITHIN_MS,
);

describe('a start whose outcome nobody heard is repeated, and there is one run:', () => {
  async function startWith(lose: (workflow: () => Promise<string>) => void): Promise<{ runId: string; workflow: string }> {
    const { db, ctx, loaded } = bench.installation;
    const { request } = claimRequest(loaded, sources, { pipeline: 'zoho-books', actor: 'test' });
    /** Temporal's own id of the run's workflow, asked past the proxy. */
    const execution = async (): Promise<string> => {
      const [run] = await db.query<{ id: string }>(`select id from freshet.run where request_key = $1`, [request.requestKey]);
      return (await bench.temporal.client.workflow.getHandle(workflowId('zoho-books', run!.id)).describe()).runId;
    };
    const fault = (site: string): void => (site === 'client.after-claim' ? lose(execution) : undefined);
    const deps = { db, temporal: link, reportsFolder: loaded.settings.reports.path, ctx: { ...ctx, fault } };
    const { kind, runId } = await startRun(deps, request);
    expect(kind).toBe('claimed');
    return { runId, workflow: await execution() };
  }

  async function endsOnce(runId: string): Promise<void> {
    expect(await bench.ended(runId)).toBe('completed');
    expect((await readRun(bench.installation.db, runId)).state).toBe('completed');
    expect(await violations()).toEqual([]);
  }

  it(
    'the answer was lost: the run that had begun is found',
    async () => {
      let begun = '';
      const before = temporal.lost;
      const { runId, workflow } = await startWith((execution) =>
        temporal.loseAnswers(() => until(async () => (begun = await execution().catch(() => '')) !== '')),
      );
      expect(temporal.lost).toBe(before + 1);
      expect(workflow).toBe(begun);
      await endsOnce(runId);
    },
    WITHIN_MS,
  );

  it(
    'the request was lost: it begins with the next one',
    async () => {
      const before = temporal.lost;
      const { runId } = await startWith(() => temporal.loseRequest());
      expect(temporal.lost).toBe(before + 1);
      await endsOnce(runId);
    },
    WITHIN_MS,
  );
});
