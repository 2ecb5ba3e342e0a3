import { closest } from '../config/closest';
import type { Database } from '../database/database';
import { FreshetError } from '../domain/errors';
import { InputFolder } from '../landing/input-folder';
import { chooseInput, type Choice, type ChosenFile, type InputWish, type PassedOver } from '../load/input/choose-input';
import { layoutOf, type Layout } from '../load/input/layout';
import { answeredAt, completeRead, type CompleteRead } from './complete-session';

export interface FoundInput {
  /** Absolute. */
  readonly root: string;
  readonly choice: Choice;
}

/** The files of a folder that a wish means. Errors: `no-input`, saying everything that was looked at; `input-unreadable`. */
export async function inputAt(root: string, wish: InputWish): Promise<FoundInput> {
  const layout = await layoutAt(root);
  const choice = chooseInput(layout, wish);
  if (choice.input === null) throw nothingFound(root, choice.passedOver, layout);
  return { root, choice };
}

/** `mayLack`: a folder that is not there yet holds nothing, as landing before the first run. Errors: `no-input`. */
export async function layoutAt(root: string, mayLack = false): Promise<Layout> {
  const folder = new InputFolder(root);
  const entries = await folder.list();
  if (entries === null && !mayLack) throw await noFolder(folder);
  return layoutOf(root, entries ?? []);
}

export interface OwnedInput extends FoundInput {
  /** `null`: no pipeline's. */
  pipelineOf(file: ChosenFile): string | null;
  /** Entities whose files are all of one complete read. */
  readonly complete: ReadonlyMap<string, CompleteRead>;
  /** When the source answered with what is in a file (ISO), by its key; absent: nobody knows. */
  readonly answered: ReadonlyMap<string, string>;
}

/**
 * Whose tables the files belong to: of a session, the pipeline of the extraction that PostgreSQL knows from its metadata (contracts §3).
 * What an earlier load landed is left out unless it was named: it came from elsewhere, and would be copied once more. Errors: `no-input`.
 */
export async function ownersOf(db: Database, { root, choice }: FoundInput, named: boolean): Promise<OwnedInput> {
  const folder = new InputFolder(root);
  const owners = new Map<string, { readonly pipeline: string; readonly partition: string }>();
  const complete = new Map<string, CompleteRead>();
  const answered = new Map<string, string>();
  const why: string[] = [];
  for (const session of choice.sessions) {
    for (const [entity, key] of session.metadata) {
      const said = await metadataOf(folder, key);
      if (said?.['tool'] !== 'freshet' || typeof said['extraction'] !== 'string') continue;
      const [row] = await db.query<{ pipeline: string; partition: string }>(
        `select pipeline, partition from freshet.extraction where id = $1 and entity = $2`,
        [said['extraction'], entity],
      );
      if (row) owners.set(`${session.name}/${entity}`, row);
      const asked = { said, session: session.name, entity, files: choice.entities.get(entity) ?? [] };
      if (row) for (const [file, at] of await answeredAt(db, asked)) answered.set(file, at);
      const read = await completeRead(db, asked);
      if (read !== null && 'why' in read) why.push(read.why);
      else if (read !== null) complete.set(entity, read);
    }
  }
  const ownerOf = ({ session, entity }: ChosenFile) => (session === null ? undefined : owners.get(`${session}/${entity}`));
  const kept = named ? choice : withoutFiles(choice, (file) => ownerOf(file)?.partition === LOADED);
  if (kept.entities.size === 0) throw nothingFound(root, kept.passedOver, { sessions: choice.sessions });
  return {
    root,
    choice: { ...kept, why: [...kept.why, ...why] },
    pipelineOf: (file) => ownerOf(file)?.pipeline ?? null,
    complete,
    answered,
  };
}

/**
 * Whose the files of landed sessions are, also of a run that has not ended and so has no metadata: by the batches that were published from them.
 * Nothing is left out.
 */
export async function landedBy(db: Database, found: FoundInput): Promise<FoundInput & Pick<OwnedInput, 'pipelineOf'>> {
  const keys = [...found.choice.entities.values()].flat().map(({ key }) => key);
  const rows = await db.query<{ file: string; pipeline: string }>(
    `select b.file, e.pipeline from freshet.batch b join freshet.extraction e on e.id = b.extraction_id where b.file = any ($1)`,
    [keys],
  );
  const pipelines = new Map(rows.map(({ file, pipeline }) => [file, pipeline]));
  return { ...found, pipelineOf: ({ key }) => pipelines.get(key) ?? null };
}

/** The partition of what a load landed. */
const LOADED = 'load';

function withoutFiles(choice: Choice, leftOut: (file: ChosenFile) => boolean): Choice {
  const entities = [...choice.entities].map(([entity, files]) => [entity, files.filter((file) => !leftOut(file))] as const);
  const sessions = new Set(
    [...choice.entities.values()]
      .flat()
      .filter(leftOut)
      .map(({ session }) => session ?? ''),
  );
  const passed = [...sessions].map((what) => ({
    what,
    why: 'a load wrote it, from files that stand elsewhere; name it with --session to load it again',
  }));
  return { ...choice, entities: new Map(entities.filter(([, files]) => files.length > 0)), passedOver: [...choice.passedOver, ...passed] };
}

/** `null` for metadata of another tool, or what cannot be read: such a session loads all the same. */
export async function metadataOf(folder: InputFolder, key: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    const parts: Uint8Array[] = [];
    for await (const part of folder.read(key)) parts.push(part);
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function noFolder(folder: InputFolder): Promise<FreshetError> {
  const { root } = folder;
  const meant = closest(root.slice(root.lastIndexOf('/') + 1), await folder.neighbours());
  return new FreshetError('config_error', {
    code: 'no-input',
    message: `There is no folder ${root}`,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Name the folder with the files: ./freshet load --dir <folder>.`,
    where: root,
  });
}

const SHOWN = 20;

function nothingFound(root: string, passedOver: readonly PassedOver[], layout: Pick<Layout, 'sessions'>): FreshetError {
  const lines = passedOver.slice(0, SHOWN).map(({ what, why }) => `  ${what}: ${why}`);
  const rest = passedOver.length > SHOWN ? [`  and ${passedOver.length - SHOWN} more`] : [];
  const looked = passedOver.length === 0 ? '; it is empty' : `. Looked at, and passed over:\n${[...lines, ...rest].join('\n')}`;
  const newest = layout.sessions.findLast(({ files }) => files.length > 0);
  return new FreshetError('config_error', {
    code: 'no-input',
    message: `Nothing to load in ${root}${looked}`,
    remedy:
      newest === undefined
        ? 'Name the folder with the files: ./freshet load --dir <folder>.'
        : `Load older sessions with a cut-off in days, ./freshet load --cutoff-days 365, or the newest alone: ./freshet load --session ${newest.name}.`,
    where: root,
    facts: { passed_over: passedOver.length },
  });
}
