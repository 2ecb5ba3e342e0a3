import { counted } from '../../domain/counted';
import { FreshetError } from '../../domain/errors';
import { InputFolder } from '../../landing/input-folder';
import type { SessionFolder } from '../../load/input/layout';
import { closest } from '../../config/closest';
import type { CommandContext } from '../command-context';
import type { CommandResult } from '../envelope';
import { EXIT } from '../exit-code';
import { layoutAt, metadataOf } from '../../run/load-input';
import type { InputFlags } from '../load-input';
import { openProject } from '../project';
import { textTable } from '../text-table';
import { resolve } from 'node:path';

export type SessionsFlags = Pick<InputFlags, 'dir'>;

interface EntityOfSession {
  readonly entity: string;
  readonly files: readonly { readonly key: string; readonly at: string; readonly bytes: number }[];
  readonly bytes: number;
  /** `null`: another tool's metadata, or none. */
  readonly complete: boolean | null;
  readonly records: number | null;
  readonly run: string | null;
  readonly pipeline: string | null;
  readonly metadata: string | null;
}

/** `freshet sessions list`: needs no database. */
export async function sessionsList(flags: SessionsFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const root = rootOf(flags, common);
  const { sessions } = await layoutAt(root);
  const listed = await Promise.all(sessions.map(async (session) => ({ session, entities: await entitiesOf(root, session) })));
  return {
    exitCode: EXIT.good,
    data: { root, sessions: listed.map(({ session, entities }) => ({ name: session.name, at: session.at, entities })) },
    text: listed.length === 0 ? `There is no session in ${root}.` : table(listed),
  };
}

type Listed = readonly { readonly session: SessionFolder; readonly entities: readonly EntityOfSession[] }[];

function table(listed: Listed): string {
  const columns = [
    { title: 'session' },
    { title: 'entity' },
    { title: 'files', right: true },
    { title: 'records', right: true },
    { title: 'bytes', right: true },
    { title: 'read' },
  ];
  const rows = listed.flatMap(({ session, entities }) =>
    entities.map(({ entity, files, records, bytes, complete, metadata }, index) => [
      index === 0 ? session.name : '',
      entity,
      String(files.length),
      records === null ? '–' : String(records),
      String(bytes),
      files.length === 0
        ? 'only metadata'
        : metadata === null
          ? 'no metadata'
          : complete === null
            ? 'another tool’s'
            : complete
              ? 'complete'
              : 'not closed',
    ]),
  );
  return textTable(columns, rows);
}

/** `freshet sessions show <name>`. Errors: `session-unknown`. */
export async function sessionsShow(name: string, flags: SessionsFlags, { flags: common }: CommandContext): Promise<CommandResult> {
  const root = rootOf(flags, common);
  const { sessions } = await layoutAt(root);
  const session = sessions.find((each) => each.name === name);
  if (session === undefined) throw unknownSession(name, root, sessions);
  const entities = await entitiesOf(root, session);
  const lines = entities.flatMap(({ entity, files, complete, records, run, pipeline }) => [
    `${entity}${pipeline === null ? '' : ` of ${pipeline}, run ${run ?? '?'}`}${records === null ? '' : `, ${counted(records, 'record')}`}${
      complete === null ? '' : complete ? ', read to its end' : ', not closed'
    }`,
    ...(files.length === 0 ? ['  only metadata'] : files.map(({ key, bytes }) => `  ${key}  ${counted(bytes, 'byte')}`)),
  ]);
  return { exitCode: EXIT.good, data: { root, name, at: session.at, entities }, text: [`${name} in ${root}`, ...lines].join('\n') };
}

function rootOf(flags: SessionsFlags, common: CommandContext['flags']): string {
  return flags.dir === undefined ? openProject(common).loaded.settings.load.path : resolve(flags.dir);
}

async function entitiesOf(root: string, session: SessionFolder): Promise<EntityOfSession[]> {
  const folder = new InputFolder(root);
  const names = [...new Set([...session.files.map(({ entity }) => entity), ...session.metadata.keys()])].sort();
  return Promise.all(
    names.map(async (entity) => {
      const files = session.files.filter((file) => file.entity === entity).map(({ key, at, bytes }) => ({ key, at, bytes }));
      const metadata = session.metadata.get(entity) ?? null;
      const said = metadata === null ? null : await metadataOf(folder, metadata);
      const ours = said?.['tool'] === 'freshet' ? said : null;
      const text = (key: string): string | null => (typeof ours?.[key] === 'string' ? ours[key] : null);
      return {
        entity,
        files,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
        complete: ours === null ? null : ours['complete'] === true,
        records: typeof ours?.['records'] === 'number' ? ours['records'] : null,
        run: text('run'),
        pipeline: text('pipeline'),
        metadata,
      };
    }),
  );
}

function unknownSession(name: string, root: string, sessions: readonly SessionFolder[]): FreshetError {
  const meant = closest(
    name,
    sessions.map((session) => session.name),
  );
  return new FreshetError('config_error', {
    code: 'session-unknown',
    message: `There is no session ${name} in ${root}`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}List them with \`./freshet sessions list\`.`,
    where: root,
  });
}
