import { resolve } from 'node:path';
import { counted } from '../domain/counted';
import { inputAt, type FoundInput } from '../run/load-input';
import { chosenWords } from './chosen-words';
import { cutoffDays } from './cutoff-days';
import type { Project } from './project';
import { entityNames } from './run-wishes';

/** Flags of the commands that read files: load, analyze, tables. */
export interface InputFlags {
  /** Instead of load.path. */
  readonly dir?: string;
  readonly session?: readonly string[];
  readonly entity?: readonly string[];
  readonly input?: string;
  /** `entity=field[,field]`, as given; not of every command. */
  readonly key?: readonly string[];
  /** `true`: given without a number. */
  readonly cutoffDays?: string | true;
}

/** The input that a person, or the settings, mean. Errors: `no-input`, saying everything that was looked at; `input-unreadable`. */
export async function findInput(project: Project, flags: InputFlags, now: Date): Promise<FoundInput> {
  const { load } = project.loaded.settings;
  const root = flags.dir === undefined ? load.path : resolve(flags.dir);
  const input = inputKind(flags.input) ?? (flags.dir !== undefined && project.loaded.origins.has('load.input') ? 'auto' : load.input);
  const set = project.loaded.origins.has('load.cutoff_days') ? load.cutoff_days : null;
  return inputAt(root, {
    input,
    preferSessions: load.prefer_sessions,
    cutoffDays: cutoffDays(flags.cutoffDays, { otherwise: load.cutoff_days, setting: 'load.cutoff_days' }) ?? set,
    sessionMaxAge: load.session_max_age,
    sessions: (flags.session ?? []).flatMap((names) => names.split(',')).map((name) => name.trim()),
    entities: entityNames(flags.entity) ?? null,
    now,
  });
}

const KINDS = ['auto', 'sessions', 'consolidated', 'directory'] as const;

function inputKind(given: string | undefined): (typeof KINDS)[number] | undefined {
  const [kind] = chosenWords({ flag: '--input', given: given === undefined ? undefined : [given], allowed: KINDS });
  return KINDS.find((each) => each === kind);
}

const SHOWN = 3;

/** What is read and why; what is not, and why not. */
export function inputLines({ root, choice }: FoundInput): string[] {
  const files = [...choice.entities.values()].reduce((sum, list) => sum + list.length, 0);
  const passed = choice.passedOver.slice(0, SHOWN).map(({ what, why }) => `${what}: ${why}`);
  const more = choice.passedOver.length > SHOWN ? [`${choice.passedOver.length - SHOWN} more`] : [];
  return [
    `input: ${choice.input} in ${root}, ${counted(files, 'file')} of ${counted(choice.entities.size, 'entity', 'entities')}; ${choice.why.join('; ')}`,
    ...(passed.length === 0 ? [] : [`passed over: ${[...passed, ...more].join('; ')}`]),
  ];
}
