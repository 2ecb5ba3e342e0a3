import { parseArgs } from 'node:util';
import { CREDENTIALS, present, startClock, SWITCH, text, TEXT, TEXTS, texts, whole } from '../flags';
import type { Values } from '../flags';
import { startLegacy4dSandbox } from './index';
import type { Legacy4dOptions } from './index';

/** Flags of `node dist/sandbox/main.js legacy-4d`; every one has the meaning of the option of the same name. */
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
  fault: TEXTS,
  freeze: SWITCH,
  'no-change-tracking': SWITCH,
  'log-keys': SWITCH,
  'exit-with-stdin': SWITCH,
};

function oneOf<T extends string>(values: Values, flag: string, allowed: readonly T[]): T | undefined {
  const text = values[flag];
  const found = allowed.find((each) => each === text);
  if (text !== undefined && found === undefined) throw new RangeError(`--${flag} takes ${allowed.join(' or ')}, not ${String(text)}`);
  return found;
}

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
      startClock: startClock(values),
      generation: oneOf(values, 'generation', ['legacy', 'force-login']),
      licences: whole(values, 'licences'),
      idleMinutes: whole(values, 'idle-minutes'),
      dates: oneOf(values, 'dates', ['simple', 'iso']),
      user: text(values, 'user'),
      faults: texts(values, 'fault'),
    }),
    ...(JSON.parse(env[CREDENTIALS] ?? '{}') as Partial<Record<'user' | 'password' | 'hashedPassword' | 'controlToken', string>>),
  };
  return { options, exitWithStdin: values['exit-with-stdin'] === true };
}

/** Starts a stand-in for a 4D server from command-line words. */
export async function startLegacy4dFromWords(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ announced: object; exitWithStdin: boolean; close: () => Promise<void> }> {
  const { options, exitWithStdin } = legacy4dOptions(words, env);
  const sandbox = await startLegacy4dSandbox(options);
  const { url, baseUrl, credentials, controlToken } = sandbox;
  return { announced: { url, baseUrl, credentials, controlToken }, exitWithStdin, close: () => sandbox.close() };
}
