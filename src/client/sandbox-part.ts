import { join } from 'node:path';
import type { Stack } from '../stack/supervisor';
import { secret, steadyPlace } from './steady-place';

/** How many calls a minute the sandbox lets through, and how many at once; said wherever it is started. */
export const SANDBOX_LIMITS = { callsPerMinute: 6_000, concurrent: 10 } as const;

export interface SandboxCounts {
  readonly contacts: number;
  readonly items: number;
  readonly invoices: number;
}

/** Where a sandbox is told to change its data, and what lets us. */
export interface Switchboard {
  readonly url: string;
  readonly controlToken: string;
}

/** A running sandbox as others reach it. The credentials open nothing but it. */
export interface SandboxPlace extends Switchboard {
  readonly baseUrl: string;
  readonly accountsUrl: string;
  readonly credentials: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly refreshToken: string;
    readonly organizationId: string;
  };
}

/** Any organisation will do: the sandbox has one. */
const ORGANIZATION = '20123456';

/** Starts the Zoho Books sandbox as a part of the stack: watched and stopped with it. Its addresses stand in its record, for commands in other terminals. */
export async function startSandboxPart(stack: Stack, counts: SandboxCounts): Promise<SandboxPlace> {
  const { port, credentials } = await steadyPlace(stack.home.root, 'sandbox', () => ({
    clientId: secret('1000.'),
    clientSecret: secret(''),
    refreshToken: secret('1000.'),
    controlToken: secret('control-'),
  }));
  const url = `http://127.0.0.1:${port}`;
  const flags: Readonly<Record<string, string | number>> = {
    port,
    ...counts,
    'organization-id': ORGANIZATION,
    'calls-per-minute': SANDBOX_LIMITS.callsPerMinute,
    concurrent: SANDBOX_LIMITS.concurrent,
    // Every command in another terminal takes a token of its own.
    'tokens-per-ten-minutes': 1_000,
    'start-clock': 'now',
  };
  const part = await stack.start({
    name: 'sandbox',
    command: process.execPath,
    args: [join(__dirname, '../sandbox/main.js'), ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])],
    env: { SANDBOX_CREDENTIALS: JSON.stringify(credentials) },
    ready: { kind: 'line', accept: (line) => line.startsWith('{') },
    facts: openVariables({ baseUrl: `${url}/books/v3`, accountsUrl: url, organizationId: ORGANIZATION }),
  });
  return JSON.parse(part.readyLine ?? '{}') as SandboxPlace;
}

/** The variables that make a sandbox the test environment of the source (config/sources.yaml), credentials included. */
export function sandboxVariables({ baseUrl, accountsUrl, credentials }: SandboxPlace): Record<string, string> {
  return {
    ...openVariables({ baseUrl, accountsUrl, organizationId: credentials.organizationId }),
    ...secretVariables(credentials),
  };
}

export function secretVariables({
  clientId = '',
  clientSecret = '',
  refreshToken = '',
}: Readonly<Record<string, string>>): Record<string, string> {
  return { ZOHO_BOOKS_TEST_CLIENT_ID: clientId, ZOHO_BOOKS_TEST_CLIENT_SECRET: clientSecret, ZOHO_BOOKS_TEST_REFRESH_TOKEN: refreshToken };
}

/** The part of them that holds no secret. */
function openVariables(place: {
  readonly baseUrl: string;
  readonly accountsUrl: string;
  readonly organizationId: string;
}): Record<string, string> {
  return {
    ZOHO_BOOKS_TEST_BASE_URL: place.baseUrl,
    ZOHO_BOOKS_TEST_ACCOUNTS_URL: place.accountsUrl,
    ZOHO_BOOKS_TEST_ORGANIZATION_ID: place.organizationId,
    ZOHO_BOOKS_TEST_CALLS_PER_MINUTE: String(SANDBOX_LIMITS.callsPerMinute),
    ZOHO_BOOKS_TEST_CONCURRENT: String(SANDBOX_LIMITS.concurrent),
  };
}

/** Says something to a sandbox's switchboard: `POST edit`, `GET requests`, `DELETE requests`. */
export async function tellSandbox<T>(place: Switchboard, method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${place.url}/__sandbox/${path}`, {
    method,
    headers: { 'x-sandbox-token': place.controlToken },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`the sandbox answers ${response.status} to ${method} ${path}: ${await response.text()}`);
  return (await response.json()) as T;
}
