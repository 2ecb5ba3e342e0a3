import { parseArgs } from 'node:util';
import { startLegacy4dSandbox } from './index';
import type { Legacy4dOptions } from './index';

const TEXT = { type: 'string' } as const;
const SWITCH = { type: 'boolean' } as const;

/** Flags of `node dist/sandbox/legacy-4d/main.js`; every one has the meaning of the option of the same name. */
const FLAGS = {
  seed: TEXT,
  categories: TEXT,
  families: TEXT,
  variants: TEXT,
  orders: TEXT,
  port: TEXT,
  host: TEXT,
  'start-clock': TEXT,
  generation: TEXT,
  licences: TEXT,
  'idle-minutes': TEXT,
  dates: TEXT,
  user: TEXT,
  /** Once for each fault that is there from the beginning, in its short form. */
  fault: { type: 'string', multiple: true } as const,
  freeze: SWITCH,
  'no-change-tracking': SWITCH,
  'log-keys': SWITCH,
  'exit-with-stdin': SWITCH,
};

type Values = Record<string, string | boolean | string[] | undefined>;

function whole(values: Values, flag: string): number | undefined {
  const text = values[flag];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,12}$/.test(text)) throw new RangeError(`--${flag} takes a whole number, not ${String(text)}`);
  return Number(text);
}

function oneOf<T extends string>(values: Values, flag: string, allowed: readonly T[]): T | undefined {
  const text = values[flag];
  const found = allowed.find((each) => each === text);
  if (text !== undefined && found === undefined) throw new RangeError(`--${flag} takes ${allowed.join(' or ')}, not ${String(text)}`);
  return found;
}

function text(values: Values, flag: string): string | undefined {
  const value = values[flag];
  return typeof value === 'string' ? value : undefined;
}

function present<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Credentials as JSON: an environment is not shown to other users, a command line is. */
const CREDENTIALS = 'SANDBOX_CREDENTIALS';

/** Options out of command-line words; throws a readable error for words that mean nothing. */
export function legacy4dOptions(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { options: Legacy4dOptions; exitWithStdin: boolean } {
  const values: Values = parseArgs({ args: [...words], options: FLAGS, strict: true }).values;
  const counts = present({
    Artikel_Kategorie: whole(values, 'categories'),
    Artikel_Familie: whole(values, 'families'),
    Artikel_Variante: whole(values, 'variants'),
    Auftrag: whole(values, 'orders'),
  });
  const options = {
    seed: whole(values, 'seed') ?? 1,
    counts,
    freeze: values.freeze === true,
    changeTracking: values['no-change-tracking'] !== true,
    logKeys: values['log-keys'] === true,
    ...present({
      port: whole(values, 'port'),
      host: text(values, 'host'),
      startClock: text(values, 'start-clock'),
      generation: oneOf(values, 'generation', ['legacy', 'force-login']),
      licences: whole(values, 'licences'),
      idleMinutes: whole(values, 'idle-minutes'),
      dates: oneOf(values, 'dates', ['simple', 'iso']),
      user: text(values, 'user'),
      faults: Array.isArray(values.fault) ? values.fault : undefined,
    }),
    ...(JSON.parse(env[CREDENTIALS] ?? '{}') as Partial<Record<'user' | 'password' | 'hashedPassword' | 'controlToken', string>>),
  };
  return { options, exitWithStdin: values['exit-with-stdin'] === true };
}

/** Starts the sandbox, prints one JSON line when it is ready, and ends on SIGTERM, SIGINT or, when asked, the end of stdin. */
async function main(): Promise<void> {
  const { options, exitWithStdin } = legacy4dOptions(process.argv.slice(2), process.env);
  const sandbox = await startLegacy4dSandbox(options);
  const end = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (exitWithStdin) process.stdin.resume().once('end', end).once('close', end);
  const { url, baseUrl, credentials, controlToken } = sandbox;
  process.stdout.write(`${JSON.stringify({ url, baseUrl, credentials, controlToken })}\n`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`The sandbox did not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  });
}
