import type { RunHead } from './run-facts';

/** What a load read, as its run's command keeps it. */
export interface LoadedInput {
  readonly root: string;
  readonly input: string;
  readonly why: readonly string[];
}

/** `null` for a run that asked its source. */
export function loadedInput({ command }: Pick<RunHead, 'command'>): LoadedInput | null {
  const load = command['load'];
  return typeof load === 'object' && load !== null && 'root' in load ? (load as LoadedInput) : null;
}

/** An approval of deletes is not among them: it was given for what was seen then. */
const SWITCHES = [
  ['full', '--full'],
  ['force', '--force'],
  ['skip_existing', '--skip-existing'],
  ['skip_table_creation', '--skip-table-creation'],
] as const;

const NUMBERS = [
  ['limit', '--limit'],
  ['cutoff_days', '--cutoff-days'],
] as const;

/** The command line that asks for the same again. */
export function commandText(run: Pick<RunHead, 'pipeline' | 'command'>): string {
  const { pipeline, command } = run;
  const entities = Array.isArray(command['entities']) ? command['entities'].map(String) : [];
  const load = loadedInput(run);
  return [
    load === null ? `run ${pipeline}` : `load --dir ${quoted(load.root)} --input ${load.input}`,
    entities.length === 0 ? '' : `--entity ${entities.join(',')}`,
    ...SWITCHES.map(([name, flag]) => (command[name] === true ? flag : '')),
    ...NUMBERS.map(([name, flag]) => (typeof command[name] === 'number' ? `${flag} ${command[name]}` : '')),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A path as a shell takes it. */
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
