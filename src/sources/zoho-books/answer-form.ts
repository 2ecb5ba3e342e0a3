import { FreshetError } from '../../domain/errors';
import { isJsonObject } from '../../http/strict-json';
import { nextNumberedPage } from '../numbered-page';
import type { EntityDefinition, PagePosition } from '../source';

type Envelope = Readonly<Record<string, unknown>>;

function misshapen(what: string, problem: string): FreshetError {
  return new FreshetError('source_error', {
    code: 'answer-misshapen',
    message: `${what} answered "success" without the data: ${problem}`,
    remedy: 'freshet asks again; if it stays, report it to Zoho support. Nothing is taken from such an answer, so nothing is lost.',
    where: what,
  });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function at(envelope: Envelope, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isJsonObject(value) ? value[key] : undefined), envelope);
}

export interface AskedPage {
  readonly page: number;
  readonly pageSize: number;
  readonly what: string;
}

/** Checks that a list answer holds the asked page's records, and says where the list goes on. */
export function nextPage(entity: EntityDefinition, envelope: Envelope, { page, pageSize, what }: AskedPage): PagePosition | null {
  const records = at(envelope, entity.recordsPath);
  if (!Array.isArray(records)) throw misshapen(what, `${entity.recordsPath.join('.')} is ${kindOf(records)}, not an array`);
  if (!records.every(isJsonObject)) throw misshapen(what, `${entity.recordsPath.join('.')} holds something that is not a record`);
  const context = envelope['page_context'];
  if (!isJsonObject(context)) throw misshapen(what, `page_context is ${kindOf(context)}`);
  const { page: answered, per_page: perPage, has_more_page: more } = context;
  if (typeof more !== 'boolean') throw misshapen(what, `page_context.has_more_page is ${kindOf(more)}`);
  if (answered !== page) throw misshapen(what, `page ${page} was asked for, page ${String(answered)} came`);
  const size = typeof perPage === 'number' && perPage > 0 ? Math.min(perPage, pageSize) : pageSize;
  return nextNumberedPage({ page, pageSize: size, records: records.length, more, what });
}

export interface AskedRecord {
  readonly id: string;
  readonly detailKey: string;
  readonly what: string;
}

/** Checks that a detail answer holds the asked record. */
export function checkDetail(entity: EntityDefinition, envelope: Envelope, { id, detailKey, what }: AskedRecord): void {
  const record = envelope[detailKey];
  if (!isJsonObject(record)) throw misshapen(what, `${detailKey} is ${kindOf(record)}, not a record`);
  const key = record[entity.key[0]];
  // A bare number would have lost its last digits in JSON.parse: it is compared in that same lossy form.
  const same = typeof key === 'number' ? key === Number(id) : key === id;
  if (!same) throw misshapen(what, 'another record came than the one asked for');
}
