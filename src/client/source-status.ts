import { openHome } from '../stack/home';
import { runningPart } from '../stack/part-record';
import type { Database } from '../database/database';
import { counted } from '../report/words';
import { shown } from './output';
import { notAsked, probeSource } from './probe-source';
import { commandContext, type Project } from './project';
import { sandboxParts } from './sandbox-settings';
import { lastErrors, sourceFacts, type SourceError, type SourceStatus } from './source-facts';
import { textTable } from './text-table';

/** Every source: switched on, set up, answering, and what went wrong last. All are asked at once, for two seconds at most; `ask` false asks none. */
export async function readSources(project: Project, ask: boolean): Promise<SourceStatus[]> {
  const { loaded } = project;
  const ctx = commandContext(project);
  const facts = sourceFacts(loaded, (baseUrl) => isOurSandbox(loaded.settings.home, baseUrl));
  return Promise.all(
    facts.map(async ({ baseUrl, ...known }) => {
      const why = whyNotAsked({ ...known, ask });
      const reached = why !== null ? notAsked(why) : baseUrl === null ? notAsked('no address is set') : await probeSource(baseUrl, ctx);
      return { ...known, ...reached, last_error: null };
    }),
  );
}

function whyNotAsked({
  ask,
  enabled,
  configured,
}: { readonly ask: boolean } & Pick<SourceStatus, 'enabled' | 'configured'>): string | null {
  if (!ask) return '--no-probe';
  if (!enabled) return 'switched off';
  return configured ? null : 'not set up';
}

/** The credentials of the sandbox stay with the worker that `freshet up --sandbox` started. */
export function isOurSandbox(home: string, baseUrl: string): boolean {
  return sandboxParts().some((part) => Object.values(runningPart(openHome(home), part)?.facts ?? {}).includes(baseUrl));
}

/** The sources with the newest error of their pipelines. */
export async function withLastErrors(sources: readonly SourceStatus[], db: Database, environment: string): Promise<SourceStatus[]> {
  const errors = await lastErrors(db, environment);
  return sources.map((source) => ({ ...source, last_error: newest(errors.filter(({ pipeline }) => source.pipelines.includes(pipeline))) }));
}

function newest(errors: readonly SourceError[]): SourceError | null {
  return [...errors].sort((a, b) => (a.at < b.at ? 1 : -1))[0] ?? null;
}

const COLUMNS = [
  { title: 'source' },
  { title: 'environment' },
  { title: 'enabled' },
  { title: 'set up' },
  { title: 'reachable' },
  { title: 'last error' },
];

/** The sources as a table, then what is to be known of those that are not all right. */
export function sourcesText(sources: readonly SourceStatus[]): string {
  if (sources.length === 0) return '';
  return ['sources', textTable(COLUMNS, sources.map(row), '  '), ...sources.flatMap(notes)].join('\n');
}

function row(source: SourceStatus): string[] {
  const { enabled, configured, missing, reachable, ms, last_error: error } = source;
  return [
    source.source,
    source.environment,
    enabled ? 'yes' : 'off',
    configured ? 'yes' : `no, ${counted(missing.length, 'value')} missing`,
    reachable === null ? '–' : reachable ? `yes (${ms ?? 0} ms)` : 'no',
    error === null ? '–' : `${error.at.slice(0, 16).replace('T', ' ')}${error.over ? ', over' : ''}`,
  ];
}

function notes({
  source,
  enabled,
  configured,
  missing,
  reachable,
  reach_error: why,
  pipelines,
  last_error: error,
}: SourceStatus): string[] {
  const left = pipelines.length === 0 ? '' : `; not run: ${pipelines.join(', ')}`;
  return [
    ...(enabled ? [] : [`  ${source} is switched off${left}`]),
    ...(!enabled || configured ? [] : [`  ${source} is not set up here: ${missing.join(', ')}${left}`]),
    ...(reachable === false ? [`  ${source} does not answer: ${shown(why ?? '', 300)}`] : []),
    ...(error === null || error.over ? [] : [`  ${source}, ${error.entity} in ${error.run_id}: ${shown(error.message, 300)}`]),
  ];
}
