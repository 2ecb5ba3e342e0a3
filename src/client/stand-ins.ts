import { join } from 'node:path';
import type { Stack } from '../stack/supervisor';
import { secretVariables, type Switchboard } from './sandbox-part';
import { secret, steadyPlace } from './steady-place';

type Credentials = Readonly<Record<string, string>>;
type Variables = Readonly<Record<string, string>>;

interface StandIn {
  /** Name of the part of the stack. */
  readonly part: string;
  readonly title: string;
  /** Its word of `dist/sandbox/main.js`. */
  readonly word: string;
  readonly credentials: () => Credentials & { readonly controlToken: string };
  /** What holds no secret, for commands in other terminals. */
  readonly open: (url: string) => Variables;
  readonly secrets: (credentials: Credentials) => Variables;
}

/** What stands in for the sources beside Zoho Books in `up --sandbox`. The credentials open nothing but them. */
const STAND_INS: readonly StandIn[] = [
  {
    part: 'sandbox-square',
    title: 'Square',
    word: 'square',
    credentials: () => ({ accessToken: secret('EAAA'), controlToken: secret('control-') }),
    open: (url) => ({ SQUARE_TEST_BASE_URL: url }),
    secrets: ({ accessToken = '' }) => ({ SQUARE_TEST_ACCESS_TOKEN: accessToken }),
  },
  {
    part: 'sandbox-4d',
    title: '4D',
    word: 'legacy-4d',
    credentials: () => ({ user: 'freshet', password: secret(''), controlToken: secret('control-') }),
    open: (url) => ({ PYERP_TEST_BASE_URL: `${url}/rest` }),
    secrets: ({ user = '', password = '' }) => ({ PYERP_TEST_USERNAME: user, PYERP_TEST_PASSWORD: password }),
  },
];

/** Of each part that stands in for a source: the variable that names its address. */
export const STAND_IN_ADDRESSES: Readonly<Record<string, string>> = {
  sandbox: 'ZOHO_BOOKS_TEST_BASE_URL',
  ...Object.fromEntries(STAND_INS.map(({ part, open }) => [part, Object.keys(open(''))[0]!])),
};

/** The variables for the secrets of a part that stands in for a source. */
export function secretsOf(part: string, credentials: Credentials): Variables {
  return STAND_INS.find((standIn) => standIn.part === part)?.secrets(credentials) ?? secretVariables(credentials);
}

export interface RunningStandIn extends Switchboard {
  /** Name of the part of the stack. */
  readonly part: string;
  readonly title: string;
  /** What makes it the test environment of its source, secrets included. */
  readonly variables: Variables;
}

/** Starts them as parts of the stack, watched and stopped with it. */
export function startStandIns(stack: Stack): Promise<RunningStandIn[]> {
  return Promise.all(STAND_INS.map((standIn) => start(stack, standIn)));
}

async function start(stack: Stack, { part, title, word, ...standIn }: StandIn): Promise<RunningStandIn> {
  const { port, credentials } = await steadyPlace(stack.home.root, part, () => standIn.credentials());
  const url = `http://127.0.0.1:${port}`;
  const facts = standIn.open(url);
  await stack.start({
    name: part,
    command: process.execPath,
    args: [join(__dirname, '../sandbox/main.js'), word, '--port', String(port), '--start-clock', 'now'],
    env: { SANDBOX_CREDENTIALS: JSON.stringify(credentials) },
    ready: { kind: 'line', accept: (line) => line.startsWith('{') },
    facts,
  });
  return { part, title, url, controlToken: credentials.controlToken, variables: { ...facts, ...standIn.secrets(credentials) } };
}
