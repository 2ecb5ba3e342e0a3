import type { IncomingMessage, ServerResponse } from 'node:http';

import { startLegacy4dSandbox, type Legacy4dOptions, type Legacy4dSandbox } from '../../src/sandbox/legacy-4d';
import { Legacy4dClient } from '../../src/sources/legacy-4d/client';
import type { Legacy4dSettings } from '../../src/sources/legacy-4d/settings';
import type { ListAnswer, ListRequest } from '../../src/sources/source';
import { startAnswerServer, type AnswerServer } from '../http/answer-server';
import { LeapingClock } from '../http/leaping-clock';
import { testContext } from '../http/test-context';

/** Must never be seen outside a login. */
export const CANARY = 'canary-password-4d';

export type Row = Readonly<Record<string, unknown>>;

const reveal = (value: string): { reveal(): string } => ({ reveal: () => value });

export const login = (password = CANARY, username = 'freshet'): Legacy4dSettings['login'] => ({
  username: reveal(username),
  password: reveal(password),
});

export interface Bench {
  readonly sandbox: Legacy4dSandbox;
  readonly clock: LeapingClock;
  readonly client: Legacy4dClient;
  /** Another connection of the same process. */
  open(overrides?: Partial<Legacy4dSettings>): Legacy4dClient;
}

const open = new Set<{ close(): Promise<void> }>();

/** Closes everything that the benches of a test opened, clients first. */
export async function closeBenches(): Promise<void> {
  for (const each of [...open].reverse()) await each.close();
  open.clear();
}

/** A sandbox with a client that fits it, and a clock of their own, hence a session of their own. */
export async function bench(options: Partial<Legacy4dOptions> = {}, overrides: Partial<Legacy4dSettings> = {}): Promise<Bench> {
  const sandbox = await startLegacy4dSandbox({ seed: 7, freeze: true, password: CANARY, ...options });
  open.add(sandbox);
  const clock = new LeapingClock();
  const connect = (more: Partial<Legacy4dSettings> = {}): Legacy4dClient => {
    const limits = { requestsPerMinute: 100_000, concurrent: 4 };
    const client = new Legacy4dClient({
      baseUrl: sandbox.baseUrl,
      login: login(),
      limits,
      fetchClock: clock,
      timeouts: { headers: 2_000, body: 2_000 },
      ...overrides,
      ...more,
    });
    open.add(client);
    return client;
  };
  return { sandbox, clock, client: connect(), open: connect };
}

/** A server that says what a test wants said, with a client that fits it. */
export async function saying(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  overrides: Partial<Legacy4dSettings> = {},
): Promise<{ server: AnswerServer; client: Legacy4dClient; clock: LeapingClock }> {
  const server = await startAnswerServer(answer);
  open.add(server);
  const clock = new LeapingClock();
  const client = new Legacy4dClient({ baseUrl: `${server.url}/rest`, login: null, fetchClock: clock, ...overrides });
  open.add(client);
  return { server, client, clock };
}

export function json(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A catalog of one dataclass `T` with a key `ID` of this type. */
export function catalogOf(type: string, more: readonly Row[] = []): unknown {
  return {
    dataClasses: [{ name: 'T', attributes: [{ name: 'ID', kind: 'storage', type, indexed: true }, ...more], key: [{ name: 'ID' }] }],
  };
}

/** A list request with everything that most tests do not care about. */
export function listOf(entity: string, overrides: Partial<ListRequest> = {}): ListRequest {
  return { entity, position: null, from: null, to: null, partitions: [], filters: {}, ...overrides };
}

export function rowsOf(answer: Pick<ListAnswer, 'body'>): Row[] {
  return (JSON.parse(answer.body.toString()) as { __ENTITIES: Row[] }).__ENTITIES;
}

/** Every page of a list, to its end. */
export async function pages(client: Legacy4dClient, request: ListRequest, ctx = testContext()): Promise<ListAnswer[]> {
  const answers: ListAnswer[] = [];
  for (let { position } = request; answers.length < 200; position = answers.at(-1)!.next) {
    answers.push(await client.list({ ...request, position }, ctx));
    if (answers.at(-1)!.next === null) return answers;
  }
  throw new Error('the list has no end');
}

export async function allRows(client: Legacy4dClient, request: ListRequest): Promise<Row[]> {
  return (await pages(client, request)).flatMap(rowsOf);
}
