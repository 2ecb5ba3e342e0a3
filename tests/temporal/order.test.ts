import { FreshetError } from '../../src/domain/errors';
import type { Plan } from '../../src/domain/plan';
import { testDatabase } from '../support/database';
import { openBench, until, type Bench } from './bench';
import type { SliceOutcome } from '../../src/extract/extract-slice';
import { ScriptedSteps, type Script } from './scripted-steps';

const database = testDatabase();
let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ databaseUrl: database.url });
});
afterAll(() => bench.close());

const node = (entity: string, dependsOn: string[] = [], priority: 'high' | 'medium' | 'low' = 'medium'): Plan[number] => ({
  entity,
  dependsOn,
  priority,
});

/** Runs a plan with a script on a worker of its own. */
async function carried(plan: Plan, script: Script, limits: { parallel?: number; giveUpAfterMs?: number } = {}) {
  const steps = new ScriptedSteps(bench.installation.db, script);
  const worker = await bench.worker({ steps: steps.over });
  try {
    const { runId, handle } = await bench.startPlan(plan, limits);
    const state = await bench.ended(runId);
    const failure = await handle.result().then(
      () => null,
      (error: unknown) => error as Error,
    );
    return { state, steps, entities: await bench.entities(runId), failure };
  } finally {
    await worker.stop();
  }
}

const broken = (type: 'auth_error' | 'source_error', retryable = false): FreshetError =>
  new FreshetError(type, { code: 'no-entry', message: 'Zoho refused the token', remedy: 'Make a new refresh token.', retryable });

const overBudget = (): FreshetError =>
  new FreshetError('validation_error', {
    code: 'reject-budget',
    message: 'reject budget: 9 records of 10 refused',
    remedy: 'Look at them.',
    retryable: false,
  });

describe('the order of a run', () => {
  it('holds an entity whose load is over its reject budget, and what stands behind it waits for another run', async () => {
    const { state, steps, entities } = await carried([node('contacts'), node('items'), node('invoices', ['contacts'])], {
      load: (entity) => {
        if (entity === 'contacts') throw overBudget();
      },
    });
    expect(state).toBe('partial');
    expect(entities.get('contacts')).toMatchObject({ state: 'held', error_code: null });
    const reasons = await bench.installation.db.query(`select held_reason from freshet.run_entity where state = 'held'`);
    expect(reasons).toEqual([{ held_reason: 'reject budget: 9 records of 10 refused' }]);
    expect([entities.get('items')?.state, entities.get('invoices')?.state]).toEqual(['completed', 'skipped']);
    expect(steps.order('load').filter((entity) => entity === 'contacts')).toHaveLength(1);
  });

  it('loads an entity only after its upstreams are completed, and extracts it before', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { state, steps } = await carried(
      [node('contacts'), node('invoices', ['contacts'])],
      {
        extract: (entity) => {
          if (entity === 'invoices') release();
          return { outcome: 'done' };
        },
        // contacts cannot be loaded before invoices were extracted: had extraction to wait for the upstream, this would never end.
        load: async (entity) => (entity === 'contacts' ? gate : undefined),
      },
      { parallel: 2 },
    );
    expect(state).toBe('completed');
    const verified = steps.calls.findIndex(({ stage, entity }) => stage === 'verify' && entity === 'contacts');
    const loaded = steps.calls.findIndex(({ stage, entity }) => stage === 'load' && entity === 'invoices');
    expect(loaded).toBeGreaterThan(verified);
  });

  it('goes on extracting while a batch waits for the upstream, and loads in between once it is completed', async () => {
    const { state, steps } = await carried([node('invoices')], {
      extract: (_, slice) => ({ outcome: slice === 0 ? 'loadable' : slice === 1 ? 'more' : 'done' }),
    });
    expect(state).toBe('completed');
    expect(steps.calls.map(({ stage }) => stage)).toEqual(['extract', 'load', 'extract', 'extract', 'load', 'close', 'verify']);
  });

  it('begins with high priority, then as written', async () => {
    const plan = [node('a', [], 'low'), node('b'), node('c', [], 'high'), node('d', [], 'low'), node('e', [], 'high')];
    const { state, steps } = await carried(plan, {}, { parallel: 1 });
    expect(state).toBe('completed');
    expect(steps.order('extract')).toEqual(['c', 'e', 'b', 'a', 'd']);
  });

  it('keeps to the number of slots', async () => {
    const plan = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => node(name));
    let [arrived, letGo]: [number, () => void] = [0, () => undefined];
    const both = new Promise<void>((resolve) => (letGo = resolve));
    const extract = async (_: string, slice: number): Promise<SliceOutcome> => {
      // The first two meet, however slow the machine is.
      if (++arrived === 2) letGo();
      await both;
      return { outcome: slice < 2 ? 'more' : 'done' };
    };
    const { state, steps } = await carried(plan, { extract }, { parallel: 2 });
    expect(state).toBe('completed');
    expect(steps.mostBusy).toBe(2);
  });

  it('ends with one slot and a chain of dependencies', async () => {
    const { state, steps } = await carried([node('c', ['b']), node('b', ['a']), node('a')], {}, { parallel: 1 });
    expect(state).toBe('completed');
    expect(steps.order('load')).toEqual(['a', 'b', 'c']);
  });
});

describe('an entity that fails', () => {
  it('stops what depends on it, with a reason, and nothing else', async () => {
    const plan = [node('contacts'), node('items'), node('invoices', ['contacts', 'items']), node('lines', ['invoices'])];
    const { state, entities, steps } = await carried(plan, {
      extract: (entity) => {
        if (entity === 'contacts') throw broken('auth_error');
        return { outcome: 'done' };
      },
    });
    expect(state).toBe('partial');
    expect([...entities.values()].map(({ entity, state: at }) => [entity, at])).toEqual([
      ['contacts', 'failed'],
      ['invoices', 'skipped'],
      ['items', 'completed'],
      ['lines', 'skipped'],
    ]);
    expect(entities.get('invoices')?.skipped_reason).toBe('waited for contacts, which failed');
    expect(entities.get('lines')?.skipped_reason).toBe('waited for invoices, which was skipped');
    expect(entities.get('contacts')).toMatchObject({
      error_type: 'auth_error',
      error_code: 'no-entry',
      error_message: 'Zoho refused the token',
      error_remedy: 'Make a new refresh token.',
    });
    expect(steps.order('load')).toEqual(['items']);
  });

  it('makes the run failed when no other is completed, in Temporal too', async () => {
    const { state, failure } = await carried([node('contacts')], {
      extract: () => {
        throw broken('auth_error');
      },
    });
    expect(state).toBe('failed');
    expect(failure?.message).toBe('Workflow execution failed');
    expect((failure?.cause as Error).message).toMatch(/^Run .* failed: no entity completed/);
  });

  it('is tried again after a passing error, without an end in between', async () => {
    let tries = 0;
    const { state } = await carried([node('contacts')], {
      extract: () => {
        tries += 1;
        if (tries < 4) throw broken('source_error', true);
        return { outcome: 'done' };
      },
    });
    expect([state, tries]).toEqual(['completed', 4]);
  });

  it('is given up when the longest time of a step is over, says so and not that it stood still, and what the last error was', async () => {
    const { state, entities } = await carried(
      [node('contacts')],
      {
        extract: () => {
          throw broken('source_error', true);
        },
      },
      { giveUpAfterMs: 1500 },
    );
    expect(state).toBe('failed');
    expect(entities.get('contacts')).toMatchObject({ error_type: 'source_error', error_code: 'no-entry' });
    expect(entities.get('contacts')?.error_message).toBe('Given up, not done within 2 s: Zoho refused the token');
  });

  it('is given up likewise when no attempt ever ended, and is sent to look for a worker', async () => {
    const { entities } = await carried(
      [node('contacts')],
      {
        extract: (_entity, _slice, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })),
      },
      { giveUpAfterMs: 1000 },
    );
    expect(entities.get('contacts')).toMatchObject({
      state: 'failed',
      error_code: 'step-overdue',
      error_message: 'Given up, not done within 1 s',
      error_remedy: expect.stringContaining('./freshet doctor') as string,
    });
  });

  it('by an error nobody foresaw is tried again, and its message reaches the row when the budget is spent', async () => {
    const { entities } = await carried(
      [node('contacts')],
      {
        extract: () => {
          throw new RangeError('nobody thought of this');
        },
      },
      { giveUpAfterMs: 1000 },
    );
    expect(entities.get('contacts')).toMatchObject({ error_type: 'transient_error', error_code: 'unexpected' });
    expect(entities.get('contacts')?.error_message).toContain('nobody thought of this');
  });
});

it('skips an entity that was already extracting when its upstream fails', async () => {
  let extracting = (): void => undefined;
  const begun = new Promise<void>((resolve) => (extracting = resolve));
  const { state, entities } = await carried(
    [node('contacts'), node('invoices', ['contacts'])],
    {
      extract: async (entity) => {
        if (entity === 'invoices') {
          extracting();
          await new Promise((resolve) => setTimeout(resolve, 100));
          return { outcome: 'more' };
        }
        await begun;
        throw broken('auth_error');
      },
    },
    { parallel: 2 },
  );
  expect(state).toBe('failed');
  expect(entities.get('invoices')).toMatchObject({ state: 'skipped', skipped_reason: 'waited for contacts, which failed' });
});

it('writes the report whatever failed', async () => {
  const { entities } = await carried([node('contacts')], {
    extract: () => {
      throw broken('auth_error');
    },
  });
  expect(entities.size).toBe(1);
  await until(async () => {
    const [row] = await bench.installation.db.query<{ n: number }>(
      `select count(*)::int as n from freshet.run where state = 'failed' and report_path is null`,
    );
    return row?.n === 0;
  });
});
