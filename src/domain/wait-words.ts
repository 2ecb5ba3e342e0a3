import type { ErrorType } from './errors';
import { offsetAt } from './zone-offset';

/** What a row says of a wait: the reason without the time, because whoever reads it has a zone of his own. Instants are ISO text in UTC. */
export interface Wait {
  readonly wait_reason: string | null;
  readonly wait_until: string | null;
}

/** For whom words are: what is now (ISO text; `''`: unknown, days are always told), in which zone, and whether to name it. */
export interface Reader {
  readonly now: string;
  /** IANA name. */
  readonly zone: string;
  /** Where the reader's own zone is another, or unknown: after the time. */
  readonly named: boolean;
}

/** For reports and pages that anyone anywhere may read. */
export const ANYONE: Reader = { now: '', zone: 'UTC', named: true };

const CAUSES: Partial<Record<ErrorType, string>> = {
  quota_exhausted: 'its calls of the day are used up',
  rate_limited: 'its limit of requests is reached',
};

/** `waiting for Zoho Books: its calls of the day are used up`. */
export function waitReason(source: string, type: ErrorType): string {
  const cause = CAUSES[type];
  return `waiting for ${source}${cause === undefined ? '' : `: ${cause}`}`;
}

/** `waiting for Zoho Books until 14:32: its calls of the day are used up`; reasons without an end as they are; empty without a wait. */
export function waitWords({ wait_reason: reason, wait_until: until }: Wait, reader: Reader): string {
  if (reason === null) return '';
  if (until === null) return reason;
  const [who = '', ...why] = reason.split(': ');
  return [`${who} until ${timeWords(until, reader)}`, ...why].join(': ');
}

/** `14:32`, `2026-11-23 00:01` where the day is another one, `… Europe/Berlin` where the zone is to be named. */
export function timeWords(instant: string, { now, zone, named }: Reader): string {
  const [day, time] = local(instant, zone);
  const today = now === '' ? '' : local(now, zone)[0];
  return `${day === today ? '' : `${day} `}${time}${named ? ` ${zone}` : ''}`;
}

function local(instant: string, zone: string): [day: string, time: string] {
  const millis = Date.parse(instant);
  const text = new Date(millis + (zone === 'UTC' ? 0 : offsetAt(millis, zone))).toISOString();
  return [text.slice(0, 10), text.slice(11, 16)];
}
