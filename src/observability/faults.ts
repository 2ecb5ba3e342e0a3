import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

import { FreshetError } from '../domain/errors';
import { parseFaultRules, type FaultRule } from './fault-rules';
import { allowsFaults, environmentOf } from './test-environment';

export interface Faults {
  /** Passes a named site. Returns at once unless a rule waits for this very hit. */
  fault(site: string): void | Promise<void>;
}

export interface FaultOptions {
  /** A file that says "the kill happened": it makes a kill happen once although the worker is started again (FRESHET_FAULTS_MARKER). */
  readonly marker?: string | undefined;
  /** The known sites; a rule that names another one is refused. */
  readonly sites?: readonly string[];
  /** Only `development` and `test` may have faults; default: what the variables name. */
  readonly environment?: string;
}

/** The faults of a process that has none: one shared object, one call of an empty function a site. */
export const noFaults: Faults = { fault: () => undefined };

/** Creates the marker; false where it was there already, so that the kill is spent. */
function spend(marker: string | undefined): boolean {
  if (marker === undefined) return true;
  try {
    const file = openSync(marker, 'wx');
    fsyncSync(file);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function signalSelf(signal: 'SIGKILL' | 'SIGSTOP'): void {
  process.kill(process.pid, signal);
  // The signal may reach another thread first: this one must not run on past its site before the process is dead or stopped.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, signal === 'SIGKILL' ? 10_000 : 20);
}

function injected(site: string, code: string): NodeJS.ErrnoException {
  const errno = -(constants.errno as Readonly<Record<string, number>>)[code]!;
  return Object.assign(new Error(`${code}: injected at fault site ${site}`), {
    code,
    errno,
    syscall: 'fault',
  });
}

/** One of four, decided by the words alone: the same seed gives the same faults whatever the order between sites. */
function quarter(...words: readonly (string | number)[]): boolean {
  return createHash('sha256').update(words.join('\0')).digest()[0]! < 64;
}

function act(
  rule: Exclude<FaultRule, { kind: 'trace' }>,
  site: string,
  hits: { site: number; all: number },
  marker: string | undefined,
): void {
  if (rule.kind === 'seed') {
    if (quarter(rule.seed, site) && quarter(rule.seed, site, hits.site)) throw injected(site, 'EIO');
    return;
  }
  if (rule.site === undefined ? rule.hit !== hits.all : rule.site !== site || rule.hit !== hits.site) return;
  if (rule.kind === 'error') throw injected(site, rule.code);
  if (rule.kind === 'stop') signalSelf('SIGSTOP');
  else if (spend(marker)) signalSelf('SIGKILL');
}

function refuseOutsideTests(environment: string): void {
  if (allowsFaults(environment)) return;
  throw new FreshetError('config_error', {
    code: 'faults-refused',
    message: `FRESHET_FAULTS is set in environment ${environment}`,
    why: 'Injected faults kill processes and fail writes on purpose; only the environments development and test may have them.',
    remedy: 'Unset FRESHET_FAULTS.',
    where: 'FRESHET_FAULTS',
  });
}

/** The fault sites of a process by a specification (FRESHET_FAULTS); without one a shared no-op. Throws config_error on a bad one. */
export function createFaults(spec: string | undefined, options: FaultOptions = {}): Faults {
  if (spec === undefined || spec.trim() === '') return noFaults;
  refuseOutsideTests(options.environment ?? environmentOf(process.env));
  const rules = parseFaultRules(spec, options.sites);
  const traces = rules.flatMap((rule) => (rule.kind === 'trace' ? [openSync(rule.file, 'a')] : []));
  const actions = rules.flatMap((rule) => (rule.kind === 'trace' ? [] : [rule]));
  const bySite = new Map<string, number>();
  let all = 0;
  const fault = (site: string): void => {
    const hits = { site: (bySite.get(site) ?? 0) + 1, all: ++all };
    bySite.set(site, hits.site);
    // Traced before it may kill: the fatal hit belongs to the record.
    for (const trace of traces) writeSync(trace, `${site}\n`);
    for (const rule of actions) act(rule, site, hits, options.marker);
  };
  return { fault };
}

/** The faults that the variables FRESHET_FAULTS and FRESHET_FAULTS_MARKER ask for. */
export function faultsFrom(variables: Readonly<Record<string, string | undefined>>, options: FaultOptions = {}): Faults {
  const environment = options.environment ?? environmentOf(variables);
  return createFaults(variables['FRESHET_FAULTS'], {
    marker: variables['FRESHET_FAULTS_MARKER'],
    ...options,
    environment,
  });
}
