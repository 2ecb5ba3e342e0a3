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

/** What a comparison was asked for, as its run's command keeps it. */
function compared({
  command,
}: Pick<RunHead, 'command'>): { readonly fix: boolean; readonly from: string | null; readonly to: string | null } | null {
  const kept = command['reconcile'];
  return typeof kept === 'object' && kept !== null && 'fix' in kept ? (kept as ReturnType<typeof compared>) : null;
}

/** The rehearsal that a run accepted, by its digest. */
function accepted({ command }: Pick<RunHead, 'command'>): string | null {
  const kept = command['rehearsal'];
  return typeof kept === 'object' && kept !== null && 'digest' in kept ? String(kept.digest) : null;
}

/** The days that a comparison was asked for, as flags; empty for every day. */
export function daysText(run: Pick<RunHead, 'command'>): string {
  const { from = null, to = null } = compared(run) ?? {};
  return `${from === null ? '' : ` --from ${from}`}${to === null ? '' : ` --to ${to}`}`;
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
  const { command } = run;
  if (typeof command['retry_of'] === 'string') return `retry ${command['retry_of']}`;
  const pipeline = typeof command['file'] === 'string' ? quoted(command['file']) : run.pipeline;
  const digest = accepted(run);
  if (digest !== null) return `rehearse ${pipeline} --apply ${digest}`;
  const entities = Array.isArray(command['entities']) ? command['entities'].map(String) : [];
  const load = loadedInput(run);
  return [
    load === null ? `${compared(run) === null ? 'run' : 'reconcile'} ${pipeline}` : `load --dir ${quoted(load.root)} --input ${load.input}`,
    entities.length === 0 ? '' : `--entity ${entities.join(',')}`,
    `${daysText(run)}${compared(run)?.fix === true ? ' --fix' : ''}`.trim(),
    ...SWITCHES.map(([name, flag]) => (command[name] === true ? flag : '')),
    ...NUMBERS.map(([name, flag]) => (typeof command[name] === 'number' ? `${flag} ${command[name]}` : '')),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A path as a shell takes it. */
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
