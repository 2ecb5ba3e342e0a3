import type { ListAnswer, ListRequest, SourceClient } from '../../src/sources/source';
import { startSquareSandbox, type SquareSandbox, type SquareSandboxOptions } from '../../src/sandbox/square';
import { SquareClient } from '../../src/sources/square/client';
import type { SquareSettings } from '../../src/sources/square/settings';
import { LeapingClock } from '../http/leaping-clock';
import { testContext } from '../http/test-context';

export const SQUARE_CANARY = 'canary-square-token';

export interface SquareBench {
  readonly client: SourceClient;
  readonly clock: LeapingClock;
  readonly sandbox: SquareSandbox;
  readonly locations: readonly string[];
  close(): Promise<void>;
}

/** A stand-in, and a client of it with a clock of its own, hence with a limiter of its own. */
export async function squareBench(
  options: Partial<SquareSandboxOptions> = {},
  overrides: Partial<SquareSettings> = {},
  pageSize?: number,
): Promise<SquareBench> {
  const sandbox = await startSquareSandbox({
    seed: 5,
    counts: { locations: 3, items: 130, categories: 7, orders: 90 },
    accessToken: SQUARE_CANARY,
    ...options,
  });
  const clock = new LeapingClock();
  const client = new SquareClient(
    {
      baseUrl: sandbox.baseUrl,
      accessToken: { reveal: () => SQUARE_CANARY },
      limits: { requestsPerMinute: 100_000, concurrent: 50 },
      fetchClock: clock,
      ...overrides,
    },
    pageSize,
  );
  const locations = [...sandbox.control.truth('locations')].map(({ id }) => id);
  const close = async (): Promise<void> => {
    await client.close();
    await sandbox.close();
  };
  return { client, clock, sandbox, locations, close };
}

export function listOf(bench: Pick<SquareBench, 'locations'>, entity: string, more: Partial<ListRequest> = {}): ListRequest {
  const partitions = entity === 'orders' ? bench.locations : [];
  return { entity, position: null, from: null, to: null, partitions, filters: {}, ...more };
}

export interface Read {
  readonly ids: readonly string[];
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly answers: readonly ListAnswer[];
}

/** Follows a list to its end. */
export async function readAll(bench: SquareBench, entity: string, more: Partial<ListRequest> = {}): Promise<Read> {
  const answers: ListAnswer[] = [];
  let request = listOf(bench, entity, more);
  for (;;) {
    const answer = await bench.client.list(request, testContext());
    answers.push(answer);
    if (answer.next === null) break;
    request = { ...request, position: answer.next };
  }
  const records = answers.flatMap(({ body }) => recordsIn(body));
  return { ids: records.map(({ id }) => String(id)), records, answers };
}

function recordsIn(body: Buffer): Readonly<Record<string, unknown>>[] {
  const lists = Object.values(JSON.parse(body.toString()) as Record<string, unknown>).filter((value) => Array.isArray(value));
  return lists.flat() as Readonly<Record<string, unknown>>[];
}
