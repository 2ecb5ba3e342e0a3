import { createOutput } from '../../../src/client/output';
import { execute } from '../../../src/client/execute';
import { endRun, readRun } from '../../../src/database/run-store';
import { readRunFacts } from '../../../src/report/run-facts';
import { typed, wrong } from '../../cli/in-process';
import { testDatabase } from '../../support/database';
import { install, type Installation } from '../../support/installation';
import { refusal, remedy, withVariables } from './remedy';

/** Words that fit nothing: the command that the error names leads on. */
const database = testDatabase();
let at: Installation;
let restore: () => void;
let good: string;

beforeAll(async () => {
  at = await install({ databaseUrl: database.url, sandbox: { counts: { contacts: 2, items: 2, invoices: 3 } } });
  restore = withVariables(at.loaded.variables);
  good = (await at.run()).runId;
});
afterAll(async () => {
  restore();
  await at.close();
});

describe('a reject', () => {
  remedy('reject-unknown', './freshet rejects list --all', 'lists those there are', async (follow) => {
    const { data } = await follow(await wrong('rejects', 'show', '77'), typed);
    expect(data).toMatchObject({ total: 0, rejects: [] });
  });

  remedy('rejects-not-chosen', './freshet rejects list', 'shows what is open', async (follow) => {
    const { data } = await follow(await wrong('rejects', 'replay', '77'), typed);
    expect(data.filter).toMatchObject({ open: true });
  });
});

describe('a run', () => {
  remedy('run-unknown', './freshet history', 'lists the runs there are', async (follow) => {
    const { data } = await follow(await wrong('show', 'nothing-like-it'), typed);
    expect(data.runs.map(({ id }: { id: string }) => id)).toContain(good);
  });

  remedy('run-unknown', './freshet show …', 'shows the run that was meant', async (follow) => {
    const { data } = await follow(await wrong('show', `${good.slice(0, -1)}X`), typed);
    expect(data).toMatchObject({ id: good, state: 'completed' });
  });

  remedy('run-unknown', './freshet history', 'lists the runs there are, also where steps and reports find none', async (follow) => {
    for (const read of [readRun, readRunFacts]) {
      const { data } = await follow(await refusal(() => read(at.db, 'nothing-like-it')), typed);
      expect(data.runs.map(({ id }: { id: string }) => id)).toContain(good);
    }
  });

  remedy('run-ambiguous', './freshet show …', 'shows each of those that fit', async (follow) => {
    const { runId: other } = await at.run({ entities: ['items'] });
    const error = await wrong('show', good.slice(0, 4));
    const shown = await Promise.all([0, 1].map((n) => follow({ ...error, next: [error.next[n]] }, typed)));
    expect(shown.map(({ data }) => data.id).sort()).toEqual([good, other].sort());
  });

  remedy('run-ambiguous', './freshet history', 'lists them where they are too many', async (follow) => {
    for (const _ of [1, 2, 3, 4, 5]) await endRun(at.db, { runId: await at.claim(), state: 'cancelled' }, at.ctx);
    const { data } = await follow(await wrong('show', good.slice(0, 4)), typed);
    expect(data.runs.length).toBeGreaterThan(5);
  });

  remedy('queued-unknown', './freshet status', 'shows what waits', async (follow) => {
    const { data } = await follow(await wrong('cancel', 'queued-00000000'), typed);
    expect(data.pipelines.find(({ pipeline }: { readonly pipeline: string }) => pipeline === 'zoho-books').lanes).toEqual([
      expect.objectContaining({ lane: 'sync', queue: [] }),
      expect.anything(),
    ]);
  });
});

describe('options', () => {
  remedy('setting-unknown', './freshet config show', 'lists the settings there are', async (follow) => {
    const { data } = await follow(await wrong('config', 'get', 'no.such.setting'), typed);
    expect(JSON.stringify(data)).toContain('landing.path');
  });

  remedy('verify-needs-deep', './freshet verify --deep', 'checks everything', async (follow) => {
    expect((await follow(await wrong('verify'), typed)).data).toMatchObject({ verified: true });
  });

  remedy('verify-needs-deep', '--deep', 'added to the same command checks everything', async (follow) => {
    expect((await follow(await wrong('verify'), (option) => typed(['verify', ...option]))).data).toMatchObject({ verified: true });
  });

  remedy('entity-empty', '--entity contacts,items', 'is understood', async (follow) => {
    const error = await wrong('run', 'zoho-books', '--local', '--entity', 'contacts,');
    const { data } = await follow(error, (option) => typed(['run', 'zoho-books', '--local', ...option]));
    expect(data.entities.map(({ entity }: { entity: string }) => entity)).toEqual(['contacts', 'items']);
  });

  remedy('unforeseen', '-v', 'shows where in freshet it happened', async (follow) => {
    const said: string[] = [];
    const stream = { write: (text: string) => void said.push(text) };
    const broken = (verbose: number, json: boolean): Promise<number> =>
      execute({ command: 'run', verbose, out: createOutput({ json, stdout: stream, stderr: stream, env: {} }) }, () =>
        Promise.reject(new TypeError('x is not a function')),
      );
    await broken(0, true);
    await follow(JSON.parse(said.splice(0).join('')).error, ([option]) => broken(option === '-v' ? 1 : 0, false));
    expect(said.join('')).toMatch(/^\s+at .+the-words\.test\.ts/m);
  });

  remedy('database-unreachable', './freshet doctor', 'tells what freshet hears at the address that was given', async (follow) => {
    const address = ['--database-url', 'postgresql://me@127.0.0.1:1/x'];
    const { data } = await follow(await wrong('status', ...address), (words) => typed([...words, ...address]));
    expect(data.findings).toContainEqual(expect.objectContaining({ check: 'postgres', verdict: 'problem' }));
  });
});
