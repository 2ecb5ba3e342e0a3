import { MARK_NAMES } from '../../workflows/marks';
import { hasWorker } from '../temporal/pollers';
import type { TemporalLink } from '../temporal/connect-temporal';
import { fine, problemOf, skipped, type Check, type Finding } from './check';

/** The search attributes that a namespace has against those we use. */
export function judgeSearchAttributes(registered: readonly string[]): Finding {
  const missing = MARK_NAMES.filter((name) => !registered.includes(name));
  if (missing.length === 0) return fine('the search attributes are registered');
  return {
    verdict: 'warning',
    message: `search attributes are not registered: ${missing.join(', ')}`,
    remedy: 'Register them with `./freshet doctor --fix`. Runs work without them; only the search on Temporal’s own web page misses them.',
    next: [{ kind: 'run-command', label: 'Register them', command: './freshet doctor --fix' }],
  };
}

const withTemporal =
  (look: (link: TemporalLink) => Promise<Finding>): Check['look'] =>
  async ({ temporal }) =>
    temporal instanceof Error ? skipped('it needs Temporal') : look(temporal);

export const temporal: Check = {
  name: 'temporal',
  look: ({ temporal: link }) =>
    link instanceof Error ? problemOf(link) : fine(`Temporal answers at ${link.address}, namespace ${link.namespace}`),
};

export const worker: Check = {
  name: 'worker',
  look: withTemporal(async (link) => {
    if (await hasWorker(link)) return fine(`a worker polls ${link.taskQueue}`);
    return {
      verdict: 'problem',
      message: `no worker polls ${link.taskQueue}: runs would only wait`,
      remedy: 'Start one with `./freshet worker`, or everything with `./freshet up`.',
      next: [{ kind: 'run-command', label: 'Start a worker', command: './freshet worker' }],
    };
  }),
};

export const searchAttributes: Check = {
  name: 'search-attributes',
  look: withTemporal(async ({ client, namespace }) => {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return judgeSearchAttributes(Object.keys(customAttributes ?? {}));
  }),
};

/** `IndexedValueType` keyword of Temporal's API. */
const KEYWORD = 2;

/** Registers the search attributes that the namespace lacks. Returns their names. Errors: those of Temporal, such as a missing permission. */
export async function registerSearchAttributes({ client, namespace }: TemporalLink): Promise<string[]> {
  const { operatorService } = client.connection;
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = MARK_NAMES.filter((name) => !Object.keys(customAttributes ?? {}).includes(name));
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  await operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing;
}
