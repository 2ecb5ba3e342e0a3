import { parseArgs } from 'node:util';
import { CREDENTIALS, present, startClock, SWITCH, text, TEXT, TEXTS, texts, whole } from './flags';
import type { Values } from './flags';
import { startSandbox } from './index';
import type { SandboxOptions } from './index';
import { startLegacy4dFromWords } from './legacy-4d/main';
import { startSquareFromWords } from './square/main';

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
  fault: TEXTS,
  freeze: SWITCH,
  'log-ids': SWITCH,
  'exit-with-stdin': SWITCH,
};

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
      faults: texts(values, 'fault'),
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

/** A stand-in that was started from words: what it announces in its one line, and how it ends. */
interface Started {
  readonly announced: object;
  readonly exitWithStdin: boolean;
  readonly close: () => Promise<void>;
}

async function startZohoFromWords(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const { options, exitWithStdin } = sandboxOptions(words, env);
  const sandbox = await startSandbox(options);
  const { url, baseUrl, accountsUrl, credentials, controlToken } = sandbox;
  return { announced: { url, baseUrl, accountsUrl, credentials, controlToken }, exitWithStdin, close: () => sandbox.close() };
}

type Starter = (words: readonly string[], env: NodeJS.ProcessEnv) => Promise<Started>;

/** The first word says which; without one it is Zoho Books. */
const STAND_INS = new Map<string, Starter>([
  ['zoho-books', startZohoFromWords],
  ['square', startSquareFromWords],
  ['legacy-4d', startLegacy4dFromWords],
]);

function started(words: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const [first, ...rest] = words;
  if (first === undefined || first.startsWith('-')) return startZohoFromWords(words, env);
  const starter = STAND_INS.get(first);
  if (starter === undefined)
    throw new RangeError(`there is no stand-in for ${first}; there is one for ${[...STAND_INS.keys()].join(', ')}`);
  return starter(rest, env);
}

/** Starts a stand-in, prints one JSON line when it is ready, and ends on SIGTERM, SIGINT or, when asked, the end of stdin. */
async function main(): Promise<void> {
  const { announced, exitWithStdin, close } = await started(process.argv.slice(2), process.env);
  const end = (): void => {
    void close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (exitWithStdin) process.stdin.resume().once('end', end).once('close', end);
  process.stdout.write(`${JSON.stringify(announced)}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`The sandbox did not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  });
}
