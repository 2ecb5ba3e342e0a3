import { parseArgs } from 'node:util';
import { startSandbox } from './index';
import type { SandboxOptions } from './index';

const TEXT = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;

/** Flags of `node dist/sandbox/main.js` (docs/sandbox.md); every one has the meaning of the option of the same name. */
const FLAGS = {
  seed: TEXT,
  contacts: TEXT,
  items: TEXT,
  invoices: TEXT,
  port: TEXT,
  host: TEXT,
  'start-clock': TEXT,
  'calls-per-minute': TEXT,
  concurrent: TEXT,
  'calls-per-day': TEXT,
  'day-zone-minutes': TEXT,
  'tokens-per-ten-minutes': TEXT,
  'live-tokens': TEXT,
  'token-lifetime-seconds': TEXT,
  'organization-id': TEXT,
  'client-id': TEXT,
  'client-secret': TEXT,
  'refresh-token': TEXT,
  'control-token': TEXT,
  /** Once for each fault that is there from the beginning, in its short form. */
  fault: { type: 'string', multiple: true } as const,
  freeze: SWITCH,
  'log-ids': SWITCH,
  'exit-with-stdin': SWITCH,
};

type Values = Record<string, string | boolean | string[] | undefined>;

function whole(values: Values, flag: string): number | undefined {
  const text = values[flag];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,12}$/.test(text)) throw new RangeError(`--${flag} takes a whole number, not ${String(text)}`);
  return Number(text);
}

function text(values: Values, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === 'string' ? value : undefined;
}

function startClock(values: Values): Date | undefined {
  const value = text(values, 'start-clock');
  if (value === undefined) return undefined;
  const instant = value === 'now' ? new Date() : new Date(value);
  if (Number.isNaN(instant.getTime()))
    throw new RangeError(`--start-clock takes "now" or an instant such as 2026-10-01T08:00:00Z, not ${value}`);
  return instant;
}

function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Credentials as JSON, stronger than flags: an environment is not shown to other users, a command line is. */
const CREDENTIALS = 'SANDBOX_CREDENTIALS';

/** Options out of command-line words; throws a readable error for words that mean nothing. */
export function sandboxOptions(words: readonly string[], env: NodeJS.ProcessEnv = {}): { options: SandboxOptions; exitWithStdin: boolean } {
  const values: Values = parseArgs({ args: [...words], options: FLAGS, strict: true }).values;
  const counts = {
    contacts: whole(values, 'contacts') ?? 50,
    items: whole(values, 'items') ?? 50,
    invoices: whole(values, 'invoices') ?? 300,
  };
  const options = {
    seed: whole(values, 'seed') ?? 1,
    counts,
    freeze: values.freeze === true,
    logIds: values['log-ids'] === true,
    ...present({
      port: whole(values, 'port'),
      host: text(values, 'host'),
      startClock: startClock(values),
      callsPerMinute: whole(values, 'calls-per-minute'),
      concurrent: whole(values, 'concurrent'),
      callsPerDay: whole(values, 'calls-per-day'),
      dayZoneMinutes: whole(values, 'day-zone-minutes'),
      tokensPerTenMinutes: whole(values, 'tokens-per-ten-minutes'),
      liveTokens: whole(values, 'live-tokens'),
      faults: Array.isArray(values.fault) ? values.fault : undefined,
      tokenLifetimeSeconds: whole(values, 'token-lifetime-seconds'),
      organizationId: text(values, 'organization-id'),
      clientId: text(values, 'client-id'),
      clientSecret: text(values, 'client-secret'),
      refreshToken: text(values, 'refresh-token'),
      controlToken: text(values, 'control-token'),
    }),
    ...(JSON.parse(env[CREDENTIALS] ?? '{}') as Partial<Record<'clientId' | 'clientSecret' | 'refreshToken' | 'controlToken', string>>),
  };
  return { options, exitWithStdin: values['exit-with-stdin'] === true };
}

/** Starts the sandbox, prints one JSON line when it is ready, and ends on SIGTERM, SIGINT or, when asked, the end of stdin. */
async function main(): Promise<void> {
  const { options, exitWithStdin } = sandboxOptions(process.argv.slice(2), process.env);
  const sandbox = await startSandbox(options);
  const end = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (exitWithStdin) process.stdin.resume().once('end', end).once('close', end);
  const { url, baseUrl, accountsUrl, credentials, controlToken } = sandbox;
  process.stdout.write(`${JSON.stringify({ url, baseUrl, accountsUrl, credentials, controlToken })}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`The sandbox did not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  });
}
