import { FILES_SOURCE } from '../../config/files-source';
import { resolveSecrets } from '../../config/secret-reference';
import { listPipelines, readPipeline, type ReadPipeline } from '../../config/pipeline';
import { scheduleMeant } from '../../config/schema/schedule';
import { mistakeText } from '../../config/mistake';
import { sourceSetUp } from '../../config/source-set-up';
import { resolveSource } from '../../config/sources';
import { counted } from '../../report/words';
import { entityNames, sourceOf } from '../../run/run-config';
import { isFreshetError } from '../../domain/errors';
import { isOurSandbox } from '../source-status';
import { hasWorker } from '../temporal/pollers';
import { sources as registry } from '../../sources/index';
import { fine, problemOf, type Check, type Finding, type Patient } from './check';
import { withTables } from './postgres';

/** The pipelines of the project with everything that is wrong with their files. */
function pipelinesOf({ loaded }: Patient): ReadPipeline[] {
  const entitiesOf = (type: string): readonly string[] | null => entityNames(sourceOf(registry, type));
  return listPipelines(loaded.root).map((name) => readPipeline(name, { root: loaded.root, sources: loaded.sources, entitiesOf }));
}

export const settings: Check = {
  name: 'settings',
  look: (patient) => {
    const { loaded } = patient;
    const read = pipelinesOf(patient);
    const wrong = read
      .flatMap(({ mistakes }) => mistakes)
      .map((mistake): Finding => ({
        verdict: 'problem',
        message: mistakeText(mistake),
        remedy: 'Correct it; `./freshet config validate` tells when everything is right.',
      }));
    const noted = [...loaded.warnings, ...read.flatMap(({ warnings }) => warnings)].map((notice): Finding => ({
      verdict: 'warning',
      message: notice,
      remedy: 'Correct the name, or take it out.',
    }));
    if (wrong.length + noted.length > 0) return [...wrong, ...noted];
    return fine(`settings of environment ${loaded.settings.environment} and ${counted(read.length, 'pipeline file')}`);
  },
};

/** Whether what a pipeline reads is set: address, credentials. Nothing is asked of the source. */
async function configured({ loaded, temporal }: Patient, key: string): Promise<Finding> {
  const environment = loaded.settings.source_environment;
  try {
    const source = resolveSource({ sources: loaded.sources, key, environment, variables: loaded.variables });
    if (isOurSandbox(loaded.settings.home, source.base_url)) return fine(`source ${key} (${environment}) is the sandbox of \`freshet up\``);
    resolveSecrets(source.credentials, `source ${key}`, loaded);
    return fine(`source ${key} (${environment}) is configured`);
  } catch (error) {
    const finding = problemOf(error);
    const elsewhere =
      isFreshetError(error) && error.code === 'secret-missing' && !(temporal instanceof Error) && (await hasWorker(temporal));
    if (!elsewhere) return finding;
    // Secrets are the worker's: one that is a service has variables of its own.
    return { ...finding, verdict: 'warning', remedy: `Nothing to do if the worker that runs has it. Otherwise: ${finding.remedy ?? ''}` };
  }
}

/** Whether anything is set that the source's environment names, or there is nothing to set. */
function isSetUp({ loaded }: Patient, key: string): boolean {
  const found = sourceSetUp(loaded, key);
  return found === null || found.begun || found.missing.some((name) => name.startsWith('environments.'));
}

export const sources: Check = {
  name: 'sources',
  look: async (patient) => {
    const read = pipelinesOf(patient).flatMap(({ pipeline }) =>
      pipeline === null || pipeline.source === FILES_SOURCE ? [] : [pipeline.source],
    );
    const keys = [...new Set(read)].filter((key) => Object.hasOwn(patient.loaded.sources, key));
    const setUp = keys.filter((key) => isSetUp(patient, key));
    // Where some are set up, one that nobody set up is no mistake: its pipelines do not run, nothing else is the worse for it.
    const asked = setUp.length > 0 ? setUp : keys;
    const left = keys.filter((key) => !asked.includes(key));
    const notSetUp = left.length === 0 ? [] : [fine(`not set up, their pipelines cannot run: ${left.join(', ')}`)];
    if (keys.length > 0) return [...(await Promise.all(asked.map((key) => configured(patient, key)))), ...notSetUp];
    return {
      verdict: 'warning',
      message: 'no pipeline reads a source',
      remedy: 'Write one into config/pipelines (docs/settings.md, README).',
    };
  },
};

export const schedules: Check = {
  name: 'schedules',
  look: withTables(async (db, patient) => {
    const planned = pipelinesOf(patient).flatMap(({ pipeline }) =>
      pipeline !== null && scheduleMeant(pipeline.schedule) !== null ? [pipeline.name] : [],
    );
    const rows = await db.query<{ pipeline: string; paused_reason: string | null }>(
      `select pipeline, paused_reason from freshet.schedule where environment = $1 order by pipeline`,
      [patient.loaded.settings.environment],
    );
    const findings = judgeSchedules(planned, rows);
    return findings.length > 0
      ? findings
      : fine(planned.length === 0 ? 'no pipeline has a schedule' : `every schedule is applied (${planned.length})`);
  }),
};

interface Applied {
  readonly pipeline: string;
  readonly paused_reason: string | null;
}

/** What the files plan against what was applied. */
export function judgeSchedules(planned: readonly string[], applied: readonly Applied[]): Finding[] {
  const apply = { kind: 'run-command', label: 'Apply the schedules of the files', command: './freshet schedule apply' } as const;
  const remedy = 'Apply the schedules.';
  const missing = planned
    .filter((name) => !applied.some(({ pipeline }) => pipeline === name))
    .map((name): Finding => ({
      verdict: 'warning',
      message: `the schedule of ${name} is not applied: it does not run by itself`,
      remedy,
      next: [apply],
    }));
  const extra = applied
    .filter(({ pipeline }) => !planned.includes(pipeline))
    .map(({ pipeline }): Finding => ({
      verdict: 'warning',
      message: `${pipeline} runs by a schedule that its file has not any more`,
      remedy,
      next: [apply],
    }));
  const paused = applied
    .filter(({ paused_reason }) => paused_reason !== null)
    .map(({ pipeline, paused_reason }): Finding => ({
      verdict: 'warning',
      message: `the schedule of ${pipeline} is paused: ${paused_reason ?? ''}`,
      remedy: 'Resume it when the reason is gone.',
      next: [{ kind: 'run-command', label: 'Resume it', command: `./freshet schedule resume ${pipeline}` }],
    }));
  return [...missing, ...extra, ...paused];
}
