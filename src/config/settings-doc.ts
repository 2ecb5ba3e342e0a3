import { ALIASES } from './aliases';
import { leavesOf, schemaTree, type SchemaNode } from './schema-tree';
import { meaningOf } from './schema/meanings';
import { settingsSchema } from './schema/settings';
import type { Sources } from './sources';
import { variableOf } from './variables';

interface Leaf {
  readonly key: string;
  readonly variable: string;
  readonly allowed: string;
  readonly standard: string;
  readonly meaning: string;
}

type Described = SchemaNode & {
  readonly pattern?: string;
  readonly minLength?: number;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean;
};

const leaves = (): Leaf[] =>
  leavesOf(schemaTree(settingsSchema)).map(({ path, node }) => {
    const key = path.join('.');
    const standard = (node as Described).default;
    return {
      key,
      variable: variableOf(path),
      allowed: allowed(node),
      standard: standard === undefined ? '' : String(standard),
      meaning: meaningOf(key) ?? '',
    };
  });

function allowed(node: Described): string {
  if (node.enum !== undefined) return node.enum.join(', ');
  if (node.type === 'integer') return `${node.minimum ?? ''} to ${node.maximum ?? ''}`;
  if (node.secret === true) return node.minLength === undefined ? 'URL; a secret' : 'text; a secret';
  if (node.pattern?.includes('(ms|s|m|h|d)') === true) return 'duration';
  return node.pattern?.includes('(B|KiB|MiB|GiB)') === true ? 'size' : 'text';
}

/** Names of variables that are no settings, with what they do. */
const APART: readonly (readonly [name: string, does: string])[] = [
  [
    'FRESHET_ENV',
    'The environment: development, test, staging, production, or one with a file in `config/environments`. Also ENVIRONMENT; the flag `--environment` is stronger.',
  ],
  ['DATABASE_URL', 'The same as FRESHET_DATABASE_URL, which is stronger.'],
  [
    'TEMPORAL_ADDRESS',
    'The same as FRESHET_TEMPORAL_ADDRESS, which is stronger. TLS files and API keys: Temporal’s own TEMPORAL_… variables.',
  ],
  ['TEMPORAL_NAMESPACE', 'The same as FRESHET_TEMPORAL_NAMESPACE, which is stronger.'],
  ['TEMPORAL_CLI_PATH', 'The `temporal` program that the embedded stack starts.'],
  ['NO_COLOR', 'No colours on a terminal.'],
];

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${text}\``);
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${heads.join(' | ')} |`,
  `|${heads.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
];

const HEAD = `# Settings

<!-- Generated from src/config/schema by \`node scripts/docs.mjs\`; a test fails when it is out of date. -->

Layers, lowest to highest: defaults < \`config/freshet.yaml\` < \`config/environments/<environment>.yaml\` < \`.env\` < environment < flags.
\`./freshet config show\` tells every value and where it comes from, \`./freshet config validate\` every mistake at once.
Durations are written \`500ms\`, \`30s\`, \`10m\`, \`48h\`, \`7d\`; sizes \`64KiB\`, \`256MiB\`. Secrets come from the environment or files, never from YAML.
`;

/** docs/settings.md: every setting with its variable, what is allowed, its default and its meaning; then the names of the replaced tools. */
export function settingsMarkdown(): string {
  const sections = grouped(leaves());
  const blocks = [...sections].flatMap(([section, rows]) => [
    '',
    `## ${section}`,
    '',
    ...table(
      ['setting', 'variable', 'allowed', 'default', 'meaning'],
      rows.map((leaf) => [code(leaf.key), code(leaf.variable), leaf.allowed, code(leaf.standard), leaf.meaning]),
    ),
  ]);
  const apart = [
    '',
    '## Variables beside the settings',
    '',
    ...table(
      ['variable', 'meaning'],
      APART.map(([name, does]) => [code(name), does]),
    ),
  ];
  return [HEAD.trimEnd(), ...blocks, ...apart, ...aliasSection(), ''].join('\n');
}

function aliasSection(): string[] {
  const rows = ALIASES.map(({ variable, key, now }) => [
    code(variable),
    code(key),
    'setting' in now ? code(now.setting) : `nothing any more: ${now.gone}`,
  ]);
  return [
    '',
    '## Names of the tools that freshet replaces',
    '',
    'Their variables still count, weaker than freshet’s own, and are told with their new names. Their JSON files do with `--config <file>.json`.',
    'A database path of theirs was an SQLite file; freshet needs PostgreSQL: set DATABASE_URL.',
    '',
    ...table(['variable', 'key in its JSON file', 'sets now'], rows),
  ];
}

function grouped(all: readonly Leaf[]): Map<string, Leaf[]> {
  const sections = new Map<string, Leaf[]>();
  for (const leaf of all) {
    const section = leaf.key.includes('.') ? (leaf.key.split('.')[0] ?? '') : 'general';
    sections.set(section, [...(sections.get(section) ?? []), leaf]);
  }
  return sections;
}

/** .env.example: what the shipped sources need, then every setting with its default, all commented out. */
export function envExample(sources: Sources): string {
  const settings = [...grouped(leaves())].flatMap(([section, rows]) => [
    '',
    `# --- ${section}`,
    ...rows.flatMap(({ variable, meaning, allowed: words, standard }) => [`# ${meaning} (${words})`, `#${variable}=${standard}`]),
  ]);
  const needed = Object.entries(sources).flatMap(([key, source]) => [
    '',
    `# --- source ${key}`,
    ...variablesIn(source).map(({ env, default: standard }) => `#${env}=${standard ?? ''}`),
  ]);
  const head = [
    '# Copy to .env and take the # away from what you set. Generated from the settings by `node scripts/docs.mjs`; see docs/settings.md.',
    '# Stronger than the files in config/, weaker than the environment. It holds secrets: git ignores it, keep it readable for you alone.',
    '',
    '# development, test, staging or production',
    '#FRESHET_ENV=development',
    '',
    '# PostgreSQL to use; without it `./freshet up` starts one.',
    '#DATABASE_URL=postgres://user:password@host:5432/database',
    '',
    '# Temporal to use; without it `./freshet up` starts one.',
    '#TEMPORAL_ADDRESS=127.0.0.1:7233',
  ];
  return [...head, ...needed, ...settings, ''].join('\n');
}

/** The references to variables in a source, in the order of the file. */
function variablesIn(value: unknown): { env: string; default?: string | number }[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('env' in value && typeof value.env === 'string') return [value as { env: string }];
  return Object.values(value).flatMap(variablesIn);
}
