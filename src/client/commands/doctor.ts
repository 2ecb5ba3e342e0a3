import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSettings, type LoadedSettings } from '../../config/load-settings';
import { mistakeText } from '../../config/mistake';
import type { Log } from '../../observability/log';
import { counted } from '../../report/words';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { nextLine } from '../error-lines';
import { EXIT } from '../exit-code';
import { shown, type Output } from '../output';
import { settingsRequest } from '../project';
import { withRunningSandbox } from '../sandbox-settings';
import { writeBundle } from '../doctor/bundle';
import { examine, type Named } from '../doctor/check';
import { CHECKS } from '../doctor/checks';
import { judgeNode } from '../doctor/machine';
import { withPatient } from '../doctor/patient';
import { registerSearchAttributes } from '../doctor/temporal';
import { packageFolder } from '../../stack/home';

export interface DoctorFlags {
  readonly quiet?: boolean;
  /** Registers what is missing in Temporal before it looks. */
  readonly fix?: boolean;
  /** `true`: a name is made. */
  readonly bundle?: string | boolean;
}

/**
 * `freshet doctor`: looks at everything freshet stands on; changes nothing but what `--fix` says. Exit code 4 when a run would fail or data grows old, else 0;
 * with `--quiet` the exit code is all (for health checks).
 */
export async function doctor(flags: DoctorFlags, { out, flags: common }: CommandContext): Promise<CommandResult> {
  const read = readSettings(settingsRequest(common));
  const { settings, mistakes } = read;
  if (settings === null || mistakes.length > 0) return result(brokenSettings(mistakes.map(mistakeText)), flags, out);
  // Notices are findings here; nothing goes to the log, so that --quiet is silent.
  const { loaded } = withRunningSandbox({ loaded: { ...read, settings }, log: silent });
  return withPatient(loaded, async (patient) => {
    if (flags.fix === true && !(patient.temporal instanceof Error)) await registerSearchAttributes(patient.temporal);
    const findings = await examine(CHECKS, patient);
    if (flags.bundle === undefined || flags.bundle === false) return result(findings, flags, out);
    const now = new Date();
    const file = resolve(
      typeof flags.bundle === 'string' ? flags.bundle : `freshet-doctor-${now.toISOString().replace(/[-:]|\..*/g, '')}Z.tar.gz`,
    );
    const files = await writeBundle(patient, { file, version: version(), findings, now });
    return withBundle(result(findings, flags, out), file, files, loaded);
  });
}

const silent: Log = Object.assign(() => undefined, { child: (): Log => silent });

function brokenSettings(mistakes: readonly string[]): Named[] {
  const remedy = 'Correct it; `./freshet config validate` tells when everything is right. The other checks need the settings.';
  const wrong = mistakes.map((message): Named => ({ check: 'settings', verdict: 'problem', message, remedy }));
  return [{ check: 'node', ...judgeNode(process.versions.node) }, ...wrong];
}

function result(findings: readonly Named[], { quiet }: DoctorFlags, out: Output): CommandResult {
  const count = (verdict: Named['verdict']): number => findings.filter((finding) => finding.verdict === verdict).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  const exitCode = problems > 0 ? EXIT.findings : EXIT.good;
  if (quiet === true && !out.json) return { exitCode };
  const head =
    problems + warnings === 0
      ? `Healthy: ${counted(findings.length, 'check')}.`
      : `${counted(problems, 'problem')}, ${counted(warnings, 'warning')} in ${counted(findings.length, 'check')}.`;
  // What needs a hand comes first; the rest is there for who wants to see that it was looked at.
  const order: readonly Named['verdict'][] = ['problem', 'warning', 'skipped', 'ok'];
  const sorted = order.flatMap((verdict) => findings.filter((finding) => finding.verdict === verdict));
  return {
    exitCode,
    data: { healthy: problems === 0, problems, warnings, findings },
    text: [out.paint('data', 'bold', head), ...sorted.map((finding) => findingText(finding, out))].join('\n'),
  };
}

const SIGNS = { ok: ['✓', 'green'], warning: ['⚠', 'yellow'], problem: ['✗', 'red'], skipped: ['·', 'dim'] } as const;

function findingText({ check, verdict, message, remedy, next = [] }: Named, out: Output): string {
  const [sign, colour] = SIGNS[verdict];
  const head = `${out.paint('data', colour, sign)} ${check.padEnd(17)} ${shown(message, 1_000)}`;
  const todo = remedy === undefined || verdict === 'ok' ? [] : [`${' '.repeat(20)}${shown(remedy, 1_000)}`];
  return [head, ...todo, ...next.map((action) => `${' '.repeat(18)}${nextLine(action)}`)].join('\n');
}

function withBundle(said: CommandResult, file: string, files: readonly string[], loaded: LoadedSettings): CommandResult {
  const line = `Archive for who is to help, without secrets: ${file}`;
  return {
    ...said,
    data: { ...(said.data as object), bundle: { file, files, environment: loaded.settings.environment } },
    text: said.text === undefined ? line : `${said.text}\n\n${line}`,
  };
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}
