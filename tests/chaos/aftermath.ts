import { readEntities } from '../../src/database/run-store';
import { verifyDeep } from '../../src/verify/deep/verify-deep';
import type { Installation } from '../support/installation';
import { lookup, readerOf, sandboxOracle } from '../verify/true-copy';
import { leftovers } from './leftovers';

/** Every value is compared with the sandbox's truth anyway; the comparison with landing needs fewer. */
const SAMPLE_ROWS = 100;

/** What is wrong after a run that should have completed: its entities, `verify --deep`, what was left behind. Sentences. */
export async function aftermath(at: Installation, runId: string): Promise<string[]> {
  const { landing, reports } = at.loaded.settings;
  return [
    ...(await entityErrors(at, runId)),
    ...(await violations(at)),
    ...(await leftovers(at.db, { landing: landing.path, reports: reports.path, runId })),
  ];
}

async function entityErrors({ db }: Installation, runId: string): Promise<string[]> {
  const entities = await readEntities(db, runId);
  return entities.flatMap(({ entity, state, error_message: error }) =>
    state === 'completed' ? [] : [`${entity} is ${state}: ${error ?? ''}`],
  );
}

async function violations({ db, landing, ctx, sandbox }: Installation): Promise<string[]> {
  const deep = await verifyDeep({ db, landing, lookup, readerOf }, { oracle: sandboxOracle(sandbox), sampleRows: SAMPLE_ROWS }, ctx);
  return [
    ...deep.violations.map(
      ({ invariant, name, where, message, sample }) => `[${invariant}] ${name} ${where}: ${message} ${sample[0] ?? ''}`,
    ),
    ...deep.unchecked.map(({ entity, why }) => `${entity} was not checked: ${why}`),
  ];
}
