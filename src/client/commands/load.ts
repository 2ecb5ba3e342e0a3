import { counted } from '../../domain/counted';
import { FreshetError } from '../../domain/errors';
import { loadRequests } from '../../run/load-request';
import { sources } from '../../sources/index';
import { carryClaims } from '../carry-claims';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { openView } from '../live/watch';
import { fitted } from '../live/wrap-line';
import { ownersOf, type FoundInput, type OwnedInput } from '../../run/load-input';
import { findInput, type InputFlags } from '../load-input';
import { openForWriting } from '../open-database';
import { openProject, type Project } from '../project';
import { actor } from '../run-wishes';
import { requireWritable } from '../writable-folder';

export interface LoadFlags extends InputFlags {
  /** `entity=field[,field]`, as given. */
  readonly key?: readonly string[];
  readonly dryRun?: boolean;
  readonly local?: boolean;
  readonly attach?: boolean;
  readonly queue?: boolean;
}

/** `freshet load`: files into tables as runs of kind `load`, one for each pipeline whose tables they belong to. */
export async function load(flags: LoadFlags, context: CommandContext): Promise<CommandResult> {
  const { out, flags: common } = context;
  const watch = openView(context);
  const project = watch.logging(openProject(common));
  const chosen = await findInput(project, flags, new Date());
  const keys = namedKeys(flags.key ?? []);
  if (flags.dryRun === true) return plan(chosen);
  requireWritable(project.loaded.settings.landing.path, 'landing.path');
  requireWritable(project.loaded.settings.reports.path, 'reports.path');
  const found = await owned(project, chosen, flags.session !== undefined);
  for (const line of inputLines(found)) out.note(fitted(line, out.columns.note));
  return carryClaims({ project, watch, flags }, loadRequests(project.loaded, sources, { ...found, keys, actor: actor() }));
}

async function owned(project: Project, found: FoundInput, named: boolean): Promise<OwnedInput> {
  const db = await openForWriting(project);
  try {
    return await ownersOf(db, found, named);
  } finally {
    await db.close();
  }
}

const SHOWN = 3;

/** What is read and why; what is not, and why not. */
function inputLines({ root, choice }: FoundInput): string[] {
  const files = [...choice.entities.values()].reduce((sum, list) => sum + list.length, 0);
  const passed = choice.passedOver.slice(0, SHOWN).map(({ what, why }) => `${what}: ${why}`);
  const more = choice.passedOver.length > SHOWN ? [`${choice.passedOver.length - SHOWN} more`] : [];
  return [
    `input: ${choice.input} in ${root}, ${counted(files, 'file')} of ${counted(choice.entities.size, 'entity', 'entities')}; ${choice.why.join('; ')}`,
    ...(passed.length === 0 ? [] : [`passed over: ${[...passed, ...more].join('; ')}`]),
  ];
}

/** `--dry-run`: which files would be read, in their order. */
function plan(found: FoundInput): CommandResult {
  const { root, choice } = found;
  const files = [...choice.entities].map(([entity, list]) => ({
    entity,
    files: list.map(({ key, at, session, bytes }) => ({ key, at, session, bytes })),
  }));
  const lines = files.flatMap(({ entity, files: list }) => [
    entity,
    ...list.map(({ key, at, bytes }) => `  ${at.slice(0, 19).replace('T', ' ')}  ${key}  ${counted(bytes, 'byte')}`),
  ]);
  return {
    exitCode: EXIT.good,
    data: { root, input: choice.input, why: choice.why, passed_over: choice.passedOver, entities: files },
    text: [...inputLines(found), '', ...lines, '', 'Nothing was written; without --dry-run they are loaded in this order.'].join('\n'),
  };
}

function namedKeys(given: readonly string[]): Map<string, readonly string[]> {
  return new Map(
    given.map((text) => {
      const [entity = '', fields = ''] = text.split(/=(.*)/s);
      const names = fields.split(',').map((name) => name.trim());
      if (entity !== '' && names.every((name) => name !== '')) return [entity.trim(), names] as const;
      throw new FreshetError('config_error', {
        code: 'key-flag',
        message: `--key ${text} names no entity and field`,
        remedy: 'Write it as --key invoices=invoice_id, several fields as --key prices=item,currency.',
      });
    }),
  );
}
