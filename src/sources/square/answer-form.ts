import { FreshetError } from '../../domain/errors';
import { isJsonObject } from '../../http/strict-json';
import type { JsonValue } from '../../json/decode';
import type { PagePosition } from '../source';

type Envelope = Readonly<Record<string, unknown>>;

export interface AskedPage {
  /** Where the records stand. */
  readonly records: string;
  readonly position: PagePosition | null;
  readonly what: string;
}

function misshapen(what: string, problem: string): FreshetError {
  return new FreshetError('source_error', {
    code: 'answer-misshapen',
    message: `${what} answered "success" without the data: ${problem}`,
    remedy: 'freshet asks again; if it stays, report it to Square’s support. Nothing is taken from such an answer, so nothing is lost.',
    where: what,
  });
}

/** Besides the records; anything else beside or instead of them is another answer than the one asked for. */
const BESIDE: ReadonlySet<string> = new Set(['cursor', 'latest_time', 'errors', 'related_objects', 'matched_variation_ids']);

/**
 * Checks that a list answer holds records, and says where the list goes on. Square leaves an empty array out: `{}` is an empty page, whether
 * that may be true is the doubt's to say.
 */
export function nextPage(envelope: Envelope, { records, position, what }: AskedPage): PagePosition | null {
  const list = envelope[records];
  if (list === undefined) {
    const other = Object.keys(envelope).find((name) => !BESIDE.has(name));
    if (other !== undefined) throw misshapen(what, `it has ${other} instead of ${records}`);
  } else if (!Array.isArray(list) || !list.every(isJsonObject)) throw misshapen(what, `${records} is no array of records`);
  const { cursor } = envelope;
  if (cursor === undefined || cursor === null || cursor === '') return null;
  if (typeof cursor !== 'string') throw misshapen(what, 'its cursor is no text');
  if (cursor === position?.['cursor']) throw misshapen(what, 'its cursor leads to the same page again');
  return { cursor };
}

/** A record of a list whose envelope was read before. */
export function checkRecord(record: JsonValue, { records, what }: Pick<AskedPage, 'records' | 'what'>): void {
  if (!isJsonObject(record)) throw misshapen(what, `${records} is no array of records`);
}

export interface AskedRecord {
  readonly records: string;
  readonly id: string;
  readonly what: string;
}

/** Whether an answer to a question for one id holds that record, living. */
export function hasRecord(envelope: Envelope, { records, id, what }: AskedRecord): boolean {
  nextPage(envelope, { records, position: null, what });
  const list = (envelope[records] ?? []) as readonly Envelope[];
  const [record] = list;
  if (record === undefined || record['is_deleted'] === true) return false;
  if (record['id'] !== id || list.length > 1) throw misshapen(what, 'another record came than the one asked for');
  return true;
}
