import type { EntityDefinition, ListRequest, SourceClient } from '../../src/sources/source';
import type { LeapingClock } from '../http/leaping-clock';

/** Faults that every stand-in can play, by the names that this suite has for them. */
export type CommonFault =
  | 'unavailable'
  | 'html instead of data'
  | 'another shape'
  | 'cut text'
  | 'not UTF-8'
  | 'cut compression'
  | 'too long a length'
  | 'too short a length'
  | 'no answer, connection gone'
  | 'half an answer, connection gone'
  | 'silence'
  | 'silence in mid-answer'
  | 'redirects without end'
  | 'one byte after another'
  | 'the same page again';

/** A source in front of its stand-in, as the suite sees it. */
export interface Subject {
  readonly client: SourceClient;
  readonly clock: LeapingClock;
  readonly definition: EntityDefinition;
  /** A whole list of the entity, from its first page. */
  readonly whole: ListRequest;
  /** What changed from a bound on; `null` where the source lists only whole. */
  changedSince(from: string): ListRequest | null;
  /** The lower bound that a record's cursor makes. */
  boundOf(cursorSort: bigint): string;
  /** Ids of every living record. */
  truth(): readonly string[];
  edit(id: string): void;
  create(): string;
  /** `null` where the source deletes nothing. */
  remove: ((id: string) => void) | null;
  /** Moves the clock of the source. */
  pass(ms: number): void;
  /** Lists are answered so, `times` times, or always; `page`: only that one. */
  fault(fault: CommonFault, how: { readonly times?: number; readonly page?: number }): void;
  clearFaults(): void;
  /** How many lists were asked for. */
  asked(): number;
  /** A filter that the source cannot have. */
  readonly wrongFilter: Readonly<Record<string, string>>;
  /** The login or token does not work any more; the next call must heal it (`true`) or tell (`false`). */
  expire(): boolean;
  /** Never to be seen outside a request. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export interface SubjectOptions {
  readonly records: number;
  readonly pageSize: number;
}

export type OpenSubject = (options: SubjectOptions) => Promise<Subject>;

/** What the stand-ins call the damage that they all know; the rest each names by itself. */
export const WIRE_FAULTS = {
  'another shape': 'wrongEnvelope',
  'cut text': 'truncated',
  'not UTF-8': 'notUtf8',
  'cut compression': 'gzipCut',
  'too long a length': 'lengthTooLong',
  'too short a length': 'lengthTooShort',
  'no answer, connection gone': 'reset',
  'half an answer, connection gone': 'resetMidBody',
  silence: 'hang',
  'silence in mid-answer': 'stall',
  'redirects without end': 'redirectLoop',
  'one byte after another': 'drip',
} as const satisfies Partial<Record<CommonFault, string>>;
