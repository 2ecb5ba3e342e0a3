import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSecret } from '../../config/secret-reference';
import { settingLines } from '../../config/setting-list';
import { listPipelines } from '../../config/pipeline';
import { originText } from '../../config/mistake';
import { isFreshetError } from '../../domain/errors';
import { knownSecrets } from '../../observability/known-secrets';
import { isSecretName, redactText } from '../../observability/redact';
import { openHome } from '../../stack/home';
import { readHistory } from '../history-facts';
import { readStatus } from '../status-facts';
import type { Named, Patient } from './check';
import { tarGz } from './tar';

interface File {
  readonly name: string;
  readonly text: string;
}

/** Of each log the end is taken. */
const LOG_CHARACTERS = 262_144;
const RUNS = 50;

export interface BundleWish {
  readonly file: string;
  readonly version: string;
  readonly findings: readonly Named[];
  readonly now: Date;
}

/** Writes an archive for who is to help: findings, settings, versions, status, runs, the ends of the logs. No secret is in it. Returns the names inside. */
export async function writeBundle(patient: Patient, { file, version, findings, now }: BundleWish): Promise<string[]> {
  const { settings, variables } = patient.loaded;
  // What a variable's name says is secret must not appear in a log either, even if no source of this project uses it.
  for (const [name, value] of Object.entries(variables)) if (isSecretName(name)) knownSecrets.add(value);
  learnCredentials(patient.loaded);
  const about = {
    freshet: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    made_at: now.toISOString(),
  };
  const files = [
    json('about.json', { ...about, environment: settings.environment }),
    json('findings.json', findings),
    json(
      'settings.json',
      settingLines(patient.loaded).map((line) => ({ ...line, from: originText(line.origin) })),
    ),
    json('sources.json', patient.loaded.sources),
    ...(await runsAndStatus(patient)),
    ...configFiles(patient.loaded.root),
    ...logFiles(settings.home),
  ].map(({ name, text }) => ({
    name,
    text: text
      .split('\n')
      .map((line) => redactText(line))
      .join('\n'),
  }));
  writeFileSync(file, tarGz(files, Math.floor(now.getTime() / 1000)), { mode: 0o600 });
  return files.map(({ name }) => name);
}

/** Credentials in files are secrets of this process only once they were read. */
function learnCredentials({ sources, variables, root }: Patient['loaded']): void {
  for (const { environments } of Object.values(sources)) {
    for (const [name, reference] of Object.values(environments).flatMap((place) => Object.entries(place?.credentials ?? {}))) {
      try {
        resolveSecret(reference, name, { variables, root });
      } catch (error) {
        // The findings name what is missing.
        if (!isFreshetError(error)) throw error;
      }
    }
  }
}

const json = (name: string, value: unknown): File => ({ name, text: `${JSON.stringify(value, null, 2)}\n` });

async function runsAndStatus({ db, migrated, loaded }: Patient): Promise<File[]> {
  if (db instanceof Error || !migrated) return [];
  const all = { pipelines: [], states: [], kinds: [], since: null, order: 'newest', limit: RUNS } as const;
  return [json('status.json', await readStatus(db, listPipelines(loaded.root))), json('runs.json', (await readHistory(db, all)).runs)];
}

function configFiles(root: string): File[] {
  return listPipelines(root).map((name) => ({
    name: `config/${name.slice(0, 60)}.yaml`,
    text: readFileSync(join(root, 'config', 'pipelines', `${name}.yaml`), 'utf8'),
  }));
}

function logFiles(home: string): File[] {
  const folder = existsSync(home) ? openHome(home).logs : null;
  if (folder === null) return [];
  return readdirSync(folder)
    .filter((name) => /^[\w.-]{1,60}\.log$/.test(name))
    .map((name) => ({ name: `logs/${name}`, text: readFileSync(join(folder, name), 'utf8').slice(-LOG_CHARACTERS) }));
}
