import { parseArgs } from 'node:util';
import { CREDENTIALS, present, startClock, SWITCH, text, TEXT, TEXTS, texts, whole } from '../flags';
import type { Values } from '../flags';
import { startSquareSandbox } from './index';
import type { SquareSandboxOptions } from './index';

/** Flags of `node dist/sandbox/main.js square`; every one has the meaning of the option or rule of the same name. */
const FLAGS = {
  seed: TEXT,
  locations: TEXT,
  categories: TEXT,
  items: TEXT,
  orders: TEXT,
  port: TEXT,
  host: TEXT,
  'start-clock': TEXT,
  'calls-per-second': TEXT,
  'calls-per-minute': TEXT,
  concurrent: TEXT,
  'token-lifetime-seconds': TEXT,
  'access-token': TEXT,
  'control-token': TEXT,
  'index-lag-ms': TEXT,
  'cursor-lifetime-seconds': TEXT,
  'retry-after-seconds': TEXT,
  'cursors-stale-on-change': SWITCH,
  'short-pages': SWITCH,
  'empty-last-page': SWITCH,
  fault: TEXTS,
  freeze: SWITCH,
  'log-ids': SWITCH,
  'exit-with-stdin': SWITCH,
};

/** Options out of command-line words; throws a readable error for words that mean nothing. */
export function squareOptions(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { options: SquareSandboxOptions; exitWithStdin: boolean } {
  const values: Values = parseArgs({ args: [...words], options: FLAGS, strict: true }).values;
  const options = {
    seed: whole(values, 'seed') ?? 1,
    counts: {
      locations: whole(values, 'locations') ?? 3,
      categories: whole(values, 'categories') ?? 10,
      items: whole(values, 'items') ?? 50,
      orders: whole(values, 'orders') ?? 300,
    },
    freeze: values.freeze === true,
    logIds: values['log-ids'] === true,
    rules: {
      cursorsStaleOnChange: values['cursors-stale-on-change'] === true,
      shortPages: values['short-pages'] === true,
      emptyLastPage: values['empty-last-page'] === true,
      ...present({
        indexLagMs: whole(values, 'index-lag-ms'),
        cursorLifetimeSeconds: whole(values, 'cursor-lifetime-seconds'),
        retryAfterSeconds: whole(values, 'retry-after-seconds'),
      }),
    },
    ...present({
      port: whole(values, 'port'),
      host: text(values, 'host'),
      startClock: startClock(values),
      callsPerSecond: whole(values, 'calls-per-second'),
      callsPerMinute: whole(values, 'calls-per-minute'),
      concurrent: whole(values, 'concurrent'),
      tokenLifetimeSeconds: whole(values, 'token-lifetime-seconds'),
      accessToken: text(values, 'access-token'),
      controlToken: text(values, 'control-token'),
      faults: texts(values, 'fault'),
    }),
    ...(JSON.parse(env[CREDENTIALS] ?? '{}') as Partial<Record<'accessToken' | 'controlToken', string>>),
  };
  return { options, exitWithStdin: values['exit-with-stdin'] === true };
}

/** Starts a stand-in for Square from command-line words. */
export async function startSquareFromWords(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ announced: object; exitWithStdin: boolean; close: () => Promise<void> }> {
  const { options, exitWithStdin } = squareOptions(words, env);
  const sandbox = await startSquareSandbox(options);
  const { url, baseUrl, accessToken, controlToken } = sandbox;
  return { announced: { url, baseUrl, accessToken, controlToken }, exitWithStdin, close: () => sandbox.close() };
}
