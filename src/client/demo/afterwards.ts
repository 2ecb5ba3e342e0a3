import { isAbsolute, relative } from 'node:path';
import type { NextAction } from '../../domain/errors';
import { openProject } from '../project';
import { PIPELINES } from './pipelines';

/** What a person has to know who wants to look around in what a demo made. */
export interface Afterwards {
  /** The demo's own home, absolute. */
  readonly home: string;
  /** A run to look at; undefined where none was claimed. */
  readonly runId: string | undefined;
  readonly temporalUi: string | undefined;
}

/** Variables by which a person's commands find servers of their own. */
export const SERVER_VARIABLES = ['DATABASE_URL', 'FRESHET_DATABASE_URL', 'TEMPORAL_ADDRESS', 'FRESHET_TEMPORAL_ADDRESS'] as const;

/** The process's variables without those servers: the demo must never write into a database that is not its own. */
export function ownServers(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SERVER_VARIABLES.some((known) => known === name)));
}

/** What a demo says in the end. */
export interface Farewell {
  readonly heading: string;
  readonly next: readonly NextAction[];
}

/** While the demo is kept running. */
export function whileKept(after: Afterwards): Farewell {
  return {
    heading: 'Everything goes on running until Ctrl-C. In another terminal:',
    next: [...typed(after, [...looks(after), ['Everything once more', `run ${PIPELINES.join(' ')}`]]), ...page(after)],
  };
}

/** Once it has stopped what it started. */
export function onceStopped(after: Afterwards): Farewell {
  const again: NextAction = {
    kind: 'run-command',
    label: 'All of it again, and left running until Ctrl-C',
    command: './freshet demo --keep',
  };
  const up: Typed = ['Start the servers over what is there (another terminal)', 'up'];
  return {
    heading: 'Everything is stopped; tables and reports stay until the next demo.',
    next: [again, ...typed(after, [up, ...looks(after)])],
  };
}

type Typed = readonly [label: string, command: string];

const looks = ({ runId }: Afterwards): Typed[] => [
  ['Every table', 'status'],
  ...(runId === undefined ? [] : [['Every count of the last run', `show ${runId}`] as const]),
  ['What was decided, and by whom', 'conflicts list --state resolved'],
];

const page = ({ temporalUi }: Afterwards): NextAction[] =>
  temporalUi === undefined ? [] : [{ kind: 'open-url', label: "Temporal's web page", url: temporalUi }];

/** None where files of the user name other servers: every command but the demo would go there. */
function typed({ home }: Afterwards, commands: readonly Typed[]): NextAction[] {
  if (filesNameServers()) return [];
  const inside = relative(process.cwd(), home);
  const place = inside.startsWith('..') || isAbsolute(inside) ? home : inside;
  const unset = SERVER_VARIABLES.filter((name) => (process.env[name] ?? '') !== '').map((name) => `${name}=`);
  return commands.map(([label, command]) => ({
    kind: 'run-command',
    label,
    command: [...unset, `FRESHET_HOME=${place}`, './freshet', command].join(' '),
  }));
}

/** A variable can be left empty for one command; what stands in .env or config/ cannot. */
function filesNameServers(): boolean {
  const { settings } = openProject({}, { env: ownServers() }).loaded;
  return settings.database.url !== undefined || settings.temporal.address !== undefined;
}
