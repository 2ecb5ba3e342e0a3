import { counted } from '../../domain/counted';
import type { InputFile, Layout, SessionFolder } from './layout';

export type InputKind = 'sessions' | 'consolidated' | 'directory';

export interface InputWish {
  readonly input: 'auto' | InputKind;
  readonly preferSessions: boolean;
  /** Given by a person: sessions back to this many days; wins over the age. */
  readonly cutoffDays: number | null;
  /** Hours. */
  readonly sessionMaxAge: number;
  /** Exactly these sessions, whatever their age. */
  readonly sessions: readonly string[];
  readonly entities: readonly string[] | null;
  readonly now: Date;
}

export interface ChosenFile extends InputFile {
  readonly session: string | null;
}

export interface PassedOver {
  readonly what: string;
  readonly why: string;
}

/** What will be read, and why that and not the rest; every reason is one sentence for people. */
export interface Choice {
  readonly input: InputKind;
  readonly why: readonly string[];
  readonly passedOver: readonly PassedOver[];
  /** By entity, in the order of time: later records win over earlier ones where nothing else tells. */
  readonly entities: ReadonlyMap<string, readonly ChosenFile[]>;
  /** Sessions among them, for their metadata. */
  readonly sessions: readonly SessionFolder[];
}

export interface NothingFound {
  readonly input: null;
  readonly passedOver: readonly PassedOver[];
}

interface Found {
  readonly files: readonly ChosenFile[];
  readonly sessions: readonly SessionFolder[];
  readonly why: readonly string[];
  readonly passedOver: readonly PassedOver[];
}

const HOUR = 3_600_000;

/** Pure: which input of a folder is loaded (contracts §11). */
export function chooseInput(layout: Layout, wish: InputWish): Choice | NothingFound {
  const found: Readonly<Record<InputKind, Found>> = {
    sessions: chosenSessions(layout, wish),
    consolidated: plainFiles(layout.consolidated, 'consolidated files', wish),
    directory: plainFiles(layout.directory, 'files of the folder', wish),
  };
  const order = orderOf(wish);
  const input = order.find((kind) => found[kind].files.length > 0);
  const ignored = layout.ignored.map(({ key, why }) => ({ what: key, why }));
  const all = order.flatMap((kind) => found[kind].passedOver);
  if (input === undefined) return { input: null, passedOver: [...all, ...ignored] };
  const others = order.filter((kind) => kind !== input && found[kind].files.length > 0);
  const passed = others.map((kind) => ({
    what: `${kind} (${counted(found[kind].files.length, 'file')})`,
    why:
      wish.input === 'auto'
        ? `${input} come first${input === 'sessions' ? '' : ', as load.prefer_sessions says'}`
        : `load.input is ${input}`,
  }));
  return {
    input,
    why: [...found[input].why, ...(wish.input === 'auto' ? [] : [`load.input is ${wish.input}`])],
    passedOver: [...found[input].passedOver, ...passed, ...ignored],
    entities: byEntity(found[input].files),
    sessions: found[input].sessions,
  };
}

function orderOf({ input, preferSessions, sessions }: InputWish): readonly InputKind[] {
  if (sessions.length > 0) return ['sessions'];
  if (input !== 'auto') return [input];
  return preferSessions ? ['sessions', 'consolidated', 'directory'] : ['consolidated', 'sessions', 'directory'];
}

function chosenSessions(layout: Layout, wish: InputWish): Found {
  const judged = layout.sessions.map((session) => ({ session, why: whyNot(session, wish) }));
  const sessions = judged.filter(({ why }) => why === null).map(({ session }) => session);
  const files = sessions.flatMap((session) => wanted(session.files, wish).map((file) => ({ ...file, session: session.name })));
  const only = sessions.length === 0 ? [] : [`${counted(sessions.length, 'session')} ${reason(wish)}`];
  const passedOver = judged.flatMap(({ session, why }) => (why === null ? [] : [{ what: session.name, why }]));
  const missing = wish.sessions.filter((name) => !layout.sessions.some((session) => session.name === name));
  return { files, sessions, why: only, passedOver: [...passedOver, ...missing.map((what) => ({ what, why: 'there is no such session' }))] };
}

function whyNot(session: SessionFolder, wish: InputWish): string | null {
  if (wish.sessions.length > 0) return wish.sessions.includes(session.name) ? whyEmpty(session, wish) : 'another session was asked for';
  const age = wish.now.getTime() - Date.parse(session.at);
  const limit = wish.cutoffDays === null ? wish.sessionMaxAge * HOUR : wish.cutoffDays * 24 * HOUR;
  if (age > limit) return `${inWords(age)} old, and only sessions ${reason(wish)} are read`;
  return whyEmpty(session, wish);
}

function whyEmpty(session: SessionFolder, wish: InputWish): string | null {
  if (session.files.length === 0) return session.metadata.size > 0 ? 'it holds only metadata, no records' : 'it holds no records';
  return wanted(session.files, wish).length === 0 ? 'it holds none of the entities that were asked for' : null;
}

function reason({ sessions, cutoffDays, sessionMaxAge }: InputWish): string {
  if (sessions.length > 0) return 'named with --session';
  return cutoffDays === null
    ? `of the last ${counted(sessionMaxAge, 'hour')} (load.session_max_age)`
    : `of the last ${counted(cutoffDays, 'day')} (cut-off)`;
}

const inWords = (ms: number): string =>
  ms < 48 * HOUR ? counted(Math.floor(ms / HOUR), 'hour') : counted(Math.floor(ms / 24 / HOUR), 'day');

function plainFiles(files: readonly InputFile[], what: string, wish: InputWish): Found {
  const chosen = wanted(files, wish).map((file) => ({ ...file, session: null }));
  const none = files.length > 0 && chosen.length === 0 ? [{ what, why: 'none of the entities that were asked for' }] : [];
  return { files: chosen, sessions: [], why: chosen.length === 0 ? [] : [counted(chosen.length, 'file')], passedOver: none };
}

function wanted(files: readonly InputFile[], { entities }: InputWish): readonly InputFile[] {
  return entities === null ? files : files.filter(({ entity }) => entities.includes(entity));
}

function byEntity(files: readonly ChosenFile[]): Map<string, ChosenFile[]> {
  const entities = new Map<string, ChosenFile[]>();
  for (const file of files) entities.set(file.entity, [...(entities.get(file.entity) ?? []), file]);
  return new Map([...entities].sort(([a], [b]) => (a < b ? -1 : 1)));
}
