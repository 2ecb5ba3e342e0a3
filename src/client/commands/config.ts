import { relative } from 'node:path';
import { jsonSchemas, SCHEMA_NAMES, type SchemaName } from '../../config/json-schemas';
import { readSettings } from '../../config/load-settings';
import { mistakeText, originText, settingsError, type Mistake } from '../../config/mistake';
import { listPipelines, readPipeline } from '../../config/pipeline';
import { linesAt, settingLines, type SettingLine } from '../../config/setting-list';
import { FreshetError } from '../../domain/errors';
import { counted } from '../../report/words';
import { entityNames, sourceOf } from '../../run/run-config';
import { sources, sourceTypes } from '../../sources/index';
import { chosenWords } from '../chosen-words';
import type { CommandContext } from '../command-context';
import { errorView, type CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { shown } from '../output';
import { openProject, settingsRequest } from '../project';
import { writeSchemaFiles } from '../schema-files';
import { textTable } from '../text-table';

/** `freshet config show`: every setting, its value, and where the value comes from. */
export async function configShow({ flags }: CommandContext): Promise<CommandResult> {
  const { loaded } = openProject(flags);
  const lines = settingLines(loaded);
  return {
    exitCode: EXIT.good,
    data: { environment: loaded.settings.environment, root: loaded.root, settings: lines.map(lineJson) },
    text: textTable([{ title: 'setting' }, { title: 'value' }, { title: 'comes from' }], lines.map(lineRow)),
  };
}

const lineJson = (line: SettingLine): Record<string, unknown> => ({ ...line, from: originText(line.origin) });
const lineRow = ({ key, value, origin }: SettingLine): string[] => [key, value === null ? '–' : String(value), originText(origin)];

/** `freshet config get <key>`: the bare value of one setting, or every setting below a key. Errors: `config_error` code `setting-unknown`. */
export async function configGet(key: string, { flags }: CommandContext): Promise<CommandResult> {
  const { found, meant } = linesAt(settingLines(openProject(flags).loaded), key.trim());
  const [only] = found;
  if (only === undefined) throw settingUnknown(key, meant);
  if (found.length === 1 && only.key === key.trim()) {
    return { exitCode: EXIT.good, data: lineJson(only), text: only.value === null ? '' : shown(String(only.value), 4_096), verbatim: true };
  }
  return {
    exitCode: EXIT.good,
    data: { settings: found.map(lineJson) },
    text: found.map((line) => `${line.key} ${shown(String(line.value ?? '–'), 4_096)}`).join('\n'),
    verbatim: true,
  };
}

function settingUnknown(key: string, meant: string | undefined): FreshetError {
  return new FreshetError('config_error', {
    code: 'setting-unknown',
    message: `There is no setting ${key}`,
    remedy: meant === undefined ? 'docs/settings.md and `./freshet config show` list all of them.' : `Did you mean ${meant}?`,
    next: [{ kind: 'run-command', label: 'List the settings', command: './freshet config show' }],
  });
}

/** `freshet config validate`: settings, sources and every pipeline file, all mistakes at once. Exit code 2 when there are any; nothing is connected to. */
export async function configValidate({ flags }: CommandContext): Promise<CommandResult> {
  const read = readSettings(settingsRequest(flags));
  const entitiesOf = (type: string): readonly string[] | null => entityNames(sourceOf(sources, type));
  const request = { root: read.root, sources: read.sources, entitiesOf };
  const pipelines = listPipelines(read.root).map((name) => readPipeline(name, request));
  const judgeable = ({ key }: Mistake): boolean => key !== 'source' || !read.sourcesBroken;
  const mistakes = [...read.mistakes, ...pipelines.flatMap((pipeline) => pipeline.mistakes.filter(judgeable))];
  const notices = [...read.warnings, ...pipelines.flatMap(({ warnings }) => warnings)];
  const data = {
    valid: mistakes.length === 0,
    environment: read.environment,
    sources: Object.keys(read.sources),
    pipelines: pipelines.map(({ file }) => file),
    mistakes: mistakes.map((mistake) => ({ ...mistake, text: mistakeText(mistake) })),
    notices,
  };
  if (mistakes.length > 0) return { exitCode: EXIT.wrongUse, data, error: errorView(settingsError(mistakes)) };
  const what = `${counted(data.sources.length, 'source')} and ${counted(pipelines.length, 'pipeline')}`;
  const head = `Nothing wrong: the settings of environment ${read.environment}, ${what}.`;
  return { exitCode: EXIT.good, data, text: [head, ...notices.map((notice) => `  note: ${shown(notice, 500)}`)].join('\n') };
}

/** `freshet config schema [file]`: writes the JSON Schemas for editors into `.freshet/schema/`; with a name, prints that one. */
export async function configSchema(name: string | undefined, { flags }: CommandContext): Promise<CommandResult> {
  if (name !== undefined) {
    const [chosen] = chosenWords({ flag: 'config schema', given: [name], allowed: SCHEMA_NAMES }) as SchemaName[];
    const schema = jsonSchemas(sourceTypes)[chosen ?? 'settings'];
    return { exitCode: EXIT.good, data: { name, schema }, text: JSON.stringify(schema, null, 2), verbatim: true };
  }
  // Broken settings are no reason to be without the schema that shows what is wrong with them.
  const { root } = readSettings(settingsRequest(flags));
  const files = writeSchemaFiles(root).map((file) => relative(root, file));
  return { exitCode: EXIT.good, data: { root, files }, text: files.join('\n') };
}
