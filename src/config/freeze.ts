import { createHash } from 'node:crypto';

import { z } from 'zod';

import { FreshetError } from '../domain/errors';
import { canonicalJson } from './canonical-json';
import { loadPlanSchema, type LoadPlan } from './schema/load-plan';
import { pipelineFileSchema, type PipelineSettings } from './schema/pipeline-file';
import { settingsSchema, type Settings } from './schema/settings';
import type { ResolvedSource } from './sources';

/** What a run is made of, besides the code: resolved once, then the same for every activity of the run. */
export interface ResolvedSettings {
  readonly settings: Settings;
  readonly source: ResolvedSource;
  readonly pipeline: PipelineSettings;
  /** Only of a run that loads files. */
  readonly load?: LoadPlan;
}

/** The same as it comes back: the database's URL, the webhook and the key are secrets of the process and no part of it. */
export interface ThawedSettings extends Omit<ResolvedSettings, 'settings'> {
  readonly settings: Omit<Settings, 'database' | 'secret_key'> & { readonly database: Omit<Settings['database'], 'url'> };
}

export interface FrozenSettings {
  /** SHA-256 of the body, hexadecimal. */
  readonly digest: string;
  /** Canonical JSON, for `freshet.config`. */
  readonly body: string;
}

const FORMAT = 1;

/** Resolved settings as text and digest. Durations and sizes are written as in the files, so a later version reads them too; secrets stay references. */
export function freezeSettings({ settings, source, pipeline, load }: ResolvedSettings): FrozenSettings {
  const { environment, secret_key: _key, ...inFile } = settings;
  const { url: _secret, ...database } = inFile.database;
  const written = z.encode(settingsSchema, { ...inFile, database, alerts: {} });
  const plan = load === undefined ? {} : { load };
  const body = canonicalJson({
    format: FORMAT,
    environment,
    settings: written,
    source,
    pipeline: z.encode(pipelineFileSchema, pipeline),
    ...plan,
  });
  return { digest: createHash('sha256').update(body).digest('hex'), body };
}

/** The settings behind a stored body (text or parsed). Keys that this version added get their defaults. Throws config_error `settings-frozen-unreadable`. */
export function thawSettings(body: unknown): ThawedSettings {
  const parsed = (typeof body === 'string' ? JSON.parse(body) : body) as { format?: unknown; environment: string; source: ResolvedSource };
  const { settings, pipeline, load } = parsed as { settings?: unknown; pipeline?: unknown; load?: unknown };
  const read = [
    settingsSchema.safeParse(settings),
    pipelineFileSchema.safeParse(pipeline),
    loadPlanSchema.optional().safeParse(load),
  ] as const;
  if (parsed.format !== FORMAT || !read[0].success || !read[1].success || !read[2].success) {
    throw new FreshetError('config_error', {
      code: 'settings-frozen-unreadable',
      message: 'The settings stored with the run cannot be read by this version',
      remedy: 'Finish the run with the version that began it, or cancel it and start a new one.',
      where: 'freshet.config',
    });
  }
  return {
    settings: { ...(read[0].data as Settings), environment: parsed.environment },
    source: parsed.source,
    pipeline: read[1].data,
    ...(read[2].data === undefined ? {} : { load: read[2].data }),
  };
}
