import { z } from 'zod';

import { countSchema, durationSchema } from './units';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const variable = () => z.string('the name of a variable').regex(VARIABLE, 'the name of a variable');

/** Where a secret is found; its value never stands in YAML. */
export const secretReferenceSchema = z.union(
  [z.strictObject({ env: variable() }), z.strictObject({ file: z.string().min(1) })],
  'a reference, { env: NAME } or { file: PATH }: secrets never stand in YAML',
);
export type SecretReference = z.output<typeof secretReferenceSchema>;

const valueReference = z.strictObject({ env: variable(), default: z.string().min(1).optional() });

/** Why a text is no address freshet would call, or null. */
export function addressProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'an http or https URL';
  if (url.username !== '' || url.password !== '') return 'a URL without user and password; they belong into credentials';
  // Paths are added to it; and what stands in a query is often a key.
  return url.search === '' && url.hash === '' ? null : 'a URL without query; a key belongs into credentials';
}

const ADDRESS = 'an http or https URL without user, password and query, or { env: NAME, default: URL }';
const address = z.union(
  [
    z.string().refine((text) => addressProblem(text) === null, ADDRESS),
    valueReference.refine((reference) => reference.default === undefined || addressProblem(reference.default) === null, ADDRESS),
  ],
  ADDRESS,
);
const text = z.union([z.string().min(1), valueReference], 'text, or { env: NAME, default: text }');

const limitReference = (most: number) => z.strictObject({ env: variable(), default: countSchema(1, most).optional() });
const limit = (most: number) =>
  z.union([countSchema(1, most), limitReference(most)], `a count from 1 to ${most}, or { env: NAME, default: count }`);
const limits = z.strictObject({ requests_per_minute: limit(1_000_000).optional(), concurrent: limit(1_000).optional() });

const environment = z.strictObject({
  /** Off: as the source's own. */
  enabled: z.boolean('true or false').default(true),
  base_url: address,
  accounts_url: address.optional(),
  organization_id: text.optional(),
  credentials: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'lower-case names such as client_secret'), secretReferenceSchema)
    .default({}),
  limits: limits.optional(),
});

/** One source of `config/sources.yaml`; `types` are the kinds of source that this build knows. */
function sourceSchema(types: readonly string[]) {
  return z.strictObject({
    type: z.enum(types as [string, ...string[]]),
    /** Off: no pipeline asks it for anything; what was read of it stays. */
    enabled: z.boolean('true or false').default(true),
    environments: z.strictObject({ live: environment.optional(), test: environment.optional() }),
    limits: limits.prefault({}),
    timeouts: z
      .strictObject({
        connect: durationSchema().prefault('10s'),
        answer: durationSchema().prefault('60s'),
        body: durationSchema().prefault('5m'),
      })
      .prefault({}),
  });
}

/** The whole sources file: source key → source. */
export function sourcesFileSchema(types: readonly string[]) {
  const key = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'source keys are lower-case letters, digits and hyphens');
  return z.record(key, sourceSchema(types));
}

export type SourceSettings = z.output<ReturnType<typeof sourceSchema>>;
export type SourceEnvironment = z.output<typeof environment>;
export type SourceLimitSettings = z.output<typeof limits>;
