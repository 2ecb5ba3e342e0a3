import { layerOf, type Layer } from './layers';
import type { Origin } from './mistake';
import { nodesAt, type SchemaNode } from './schema-tree';
import { fromText, variableOf } from './variables';

/** A variable or JSON key of a tool that freshet replaces: `GLOBAL_SYNC_…` of its orchestrator, `JSON2DB_…` of its loader. */
export interface Alias {
  readonly variable: string;
  /** Its place in `global_sync_config.json` or `json2db_sync_config.json`. */
  readonly key: string;
  /** What it sets now, or why nothing is left to set. */
  readonly now: { readonly setting: string; readonly convert?: (text: string) => string } | { readonly gone: string };
}

/** Text in another unit; what is no whole number stays, and the schema says what it wanted. */
const withUnit = (unit: string) => (text: string) => (/^\d+$/.test(text) ? `${text}${unit}` : text);
const LEVELS: Readonly<Record<string, string>> = { WARNING: 'warn', CRITICAL: 'error', FATAL: 'error' };
const level = (text: string): string => LEVELS[text.toUpperCase()] ?? text.toLowerCase();

const OWN_FOLDERS = 'freshet keeps its own landing folder (landing.path) and does not write into that of the old tool';
const READS_BOTH = 'sessions and consolidated files are read alike, the newest record wins';
const NO_FILES = 'servers log to stderr; what the embedded stack says lies in <home>/logs';
const DATABASE_DOES = 'PostgreSQL and its backups do that';
const MENU = 'there is no such menu; see `freshet --help`';

const json2db = (variable: string, key: string, now: Alias['now']): Alias => ({ variable: `JSON2DB_${variable}`, key, now });
const globalSync = (key: string, now: Alias['now']): Alias => ({
  variable: `GLOBAL_SYNC_${key.replaceAll('.', '_').toUpperCase()}`,
  key,
  now,
});

/** Every row has its test (tests/config/aliases.test.ts). */
export const ALIASES: readonly Alias[] = [
  json2db('DATABASE_PATH', 'database.path', { setting: 'database.url' }),
  json2db('DATABASE_TIMEOUT', 'database.connection_timeout', { setting: 'database.timeouts.connect', convert: withUnit('s') }),
  json2db('DATA_SOURCE_TYPE', 'data_source.type', { gone: READS_BOTH }),
  json2db('API_SYNC_PATH', 'data_source.api_sync_path', { gone: OWN_FOLDERS }),
  json2db('CONSOLIDATED_PATH', 'data_source.consolidated_path', { gone: OWN_FOLDERS }),
  json2db('FALLBACK_ENABLED', 'data_source.fallback_enabled', { gone: READS_BOTH }),
  json2db('SESSION_MAX_AGE', 'session.max_age_hours', { setting: 'load.session_max_age' }),
  json2db('REQUIRE_SUCCESS', 'session.require_successful', {
    gone: 'a session that is not complete loads, and never counts as a complete read',
  }),
  json2db('TRADITIONAL_FALLBACK', 'session.traditional_fallback', { gone: READS_BOTH }),
  json2db('CUTOFF_DAYS', 'processing.default_cutoff_days', { setting: 'load.cutoff_days' }),
  json2db('BATCH_SIZE', 'processing.batch_size', { setting: 'load.batch_size' }),
  json2db('ENABLE_FILTERING', 'processing.enable_date_filtering', { gone: 'load.cutoff_days is always looked at' }),
  json2db('LOG_LEVEL', 'logging.level', { setting: 'logging.level', convert: level }),
  json2db('LOG_DIR', 'logging.directory', { gone: NO_FILES }),
  json2db('MAX_LOG_FILES', 'logging.max_log_files', { gone: NO_FILES }),
  json2db('WORKING_DIR', 'paths.working_directory', { gone: 'the project’s folder is where freshet is called' }),
  json2db('TEMP_DIR', 'paths.temp_directory', { gone: 'work files lie inside landing.path' }),
  json2db('BACKUP_DIR', 'paths.backup_directory', { gone: DATABASE_DOES }),
  globalSync('database.path', { setting: 'database.url' }),
  globalSync('database.connection_timeout', { setting: 'database.timeouts.connect', convert: withUnit('s') }),
  globalSync('database.backup_before_operations', { gone: DATABASE_DOES }),
  globalSync('database.enable_wal_mode', { gone: DATABASE_DOES }),
  globalSync('system.log_level', { setting: 'logging.level', convert: level }),
  globalSync('logging.log_level', { setting: 'logging.level', convert: level }),
  globalSync('logging.log_dir', { gone: NO_FILES }),
  globalSync('sync_pipeline.default_cutoff_days', { setting: 'sync_pipeline.default_cutoff_days' }),
  globalSync('sync_pipeline.freshness_threshold_days', { setting: 'freshness.max_age', convert: withUnit('d') }),
  globalSync('sync_pipeline.enable_freshness_check', { gone: 'freshness is always judged' }),
  globalSync('sync_pipeline.verify_integrity_after_sync', { setting: 'stages.verify' }),
  globalSync('sync_pipeline.auto_backup_before_sync', { gone: DATABASE_DOES }),
  globalSync('packages.api_sync.enabled', { setting: 'stages.extract' }),
  globalSync('packages.json2db_sync.enabled', { setting: 'stages.load' }),
  globalSync('packages.csv_db_rebuild.enabled', { gone: 'what is read is what config/pipelines names' }),
  globalSync('ui.use_colors', { gone: 'set NO_COLOR to have no colours' }),
  globalSync('ui.show_detailed_output', { gone: 'ask for details with -v' }),
  globalSync('ui.auto_freshness_check_on_startup', { gone: MENU }),
];

/** Variables of the replaced tools that are in no row. */
const FOREIGN = /^(JSON2DB|GLOBAL_SYNC)_[A-Z0-9_]+$/;

function told(what: string, { now }: Pick<Alias, 'now'>): string {
  if ('gone' in now) return `${what} is of a tool that freshet replaces and sets nothing any more: ${now.gone}`;
  return `${what} is of a tool that freshet replaces; it counts, and is called ${now.setting} now (variable ${variableOf(now.setting.split('.'))})`;
}

/** The settings that variables of the replaced tools give. They are weaker than every variable of freshet's own. */
export function aliasLayer(
  variables: Readonly<Record<string, string>>,
  tree: SchemaNode,
  file?: string,
): { layer: Layer; notices: string[] } {
  const notices: string[] = [];
  const entries = Object.keys(variables).flatMap((name) => {
    if (!FOREIGN.test(name)) return [];
    const alias = ALIASES.find(({ variable }) => variable === name) ?? { now: { gone: 'freshet has nothing like it' } };
    notices.push(told(`the variable ${name}`, alias));
    if ('gone' in alias.now) return [];
    const origin: Origin = file === undefined ? { kind: 'variable', name } : { kind: 'variable', name, file };
    return [{ path: alias.now.setting.split('.'), value: settingValue(alias.now, variables[name]!, tree), origin }];
  });
  return { layer: layerOf(entries), notices };
}

function settingValue(now: { setting: string; convert?: (text: string) => string }, text: string, tree: SchemaNode): unknown {
  const converted = now.convert?.(text) ?? text;
  const node = nodesAt(tree, now.setting.split('.'))[0];
  return node === undefined ? converted : fromText(converted, node);
}

/** The same for the content of a JSON file of a replaced tool (`--config global_sync_config.json`): its keys, under their new names, at their old places. */
export function aliasedJson({ value, origin }: Layer, tree: SchemaNode, file: string): { layer: Layer; notices: string[] } {
  const notices: string[] = [];
  const entries = leaves(value, []).flatMap(({ path, value: leaf }) => {
    const key = path.join('.');
    const place = origin(path);
    const rows = ALIASES.filter((alias) => alias.key === key);
    const kept = rows.find(({ now }) => 'setting' in now) ?? rows[0];
    if (key.startsWith('_')) return [];
    if (kept === undefined && nodesAt(tree, path).length > 0) return [{ path, value: leaf, origin: place }];
    const alias = kept ?? { now: { gone: 'freshet has nothing like it' } };
    if (!('setting' in alias.now) || alias.now.setting !== key) notices.push(told(`${file}: ${key}`, alias));
    if ('gone' in alias.now) return [];
    const now = alias.now;
    const single = typeof leaf === 'string' || typeof leaf === 'number' || typeof leaf === 'boolean';
    return [{ path: now.setting.split('.'), value: single ? settingValue(now, String(leaf), tree) : leaf, origin: place }];
  });
  return { layer: layerOf(entries), notices };
}

function leaves(value: unknown, path: readonly string[]): { path: readonly string[]; value: unknown }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([name, below]) => leaves(below, [...path, name]));
}
