import { FreshetError } from '../domain/errors';
import { eachRecord } from '../json/cut-list';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/decode';
import { JsonBytesError } from '../json/json-bytes-error';
import { ProfileCollector, type Profile } from '../json/profile';
import { envelopeOf, findValue, sliceArray, type Slice } from '../json/slices';
import type { EntityDefinition, ListAnswer, RecordTaker } from '../sources/source';
import { listedRow, type ListedRow } from './listed-row';

/** A list answer whose rows are read, before anybody asks which of them are new. */
export interface ReadPage {
  readonly answer: ListAnswer;
  readonly rows: readonly ListedRow[];
  /** The answer without its records. */
  readonly envelope: string;
  /** Profile of the records of all its rows, deleted ones not; `null`: they come one by one. */
  readonly profile: Profile | null;
}

/** What reading a list needs of its entity. */
export interface ReadingDeps {
  readonly definition: EntityDefinition;
  /** IANA zone of the source's times without offset. */
  readonly zone: string;
}

/** U+0000 and halves of surrogate pairs stand in JSON only so. */
const ESCAPED = Buffer.from('\\u');

/** Reads the rows of one answer and takes their profile, while its records come. */
export class PageReader implements RecordTaker {
  private readonly rows: ListedRow[] = [];
  private readonly profile: ProfileCollector | null;

  constructor(private readonly deps: ReadingDeps) {
    const { detail, lineItems } = deps.definition;
    this.profile = detail === null ? new ProfileCollector(lineItems?.field ?? null) : null;
  }

  /** Errors: `source_error` for what is no record, or has no key, naming the place. */
  take(said: JsonValue, place: Slice, body: Buffer): void {
    const record = recordOf(said, place, this.deps.definition);
    const row = listedRow(record, place, this.deps);
    this.rows.push(row);
    if (this.profile === null || row.tombstone) return;
    const bytes = body.subarray(place.offset, place.offset + place.length);
    if (bytes.includes(ESCAPED)) this.profile.add(bytes);
    else this.profile.addRecord(record);
  }

  /** The page, when all have come. */
  page(answer: ListAnswer, list: Slice | null): ReadPage {
    const { recordsPath } = this.deps.definition;
    const envelope = list === null ? envelopeOf(answer.body, []) : envelopeOf(answer.body, recordsPath, list);
    return { answer, rows: this.rows, envelope, profile: this.profile?.profile() ?? null };
  }
}

/** Reads an answer, where its client has not done so already. Errors: those of `PageReader`. */
export async function readPage(answer: ListAnswer, deps: ReadingDeps): Promise<ReadPage> {
  if (answer.list?.taken instanceof PageReader) return answer.list.taken.page(answer, answer.list.slice);
  const reader = new PageReader(deps);
  const found = listIn(answer.body, deps.definition);
  if (found !== null) await eachRecord(answer.body, found.elements, (record, place) => reader.take(record, place, answer.body));
  return reader.page(answer, found?.slice ?? null);
}

interface List {
  readonly slice: Slice;
  readonly elements: readonly Slice[];
}

/** Where the list stands in an answer; `null`: it is left out, which the source does with an empty one. */
function listIn(body: Buffer, { recordsMayBeAbsent, recordsPath }: EntityDefinition): List | null {
  try {
    const found = findValue(body, recordsPath);
    return { slice: found.slice, elements: sliceArray(body, recordsPath, found) };
  } catch (error) {
    if (recordsMayBeAbsent === true && error instanceof JsonBytesError && error.fault === 'no-path') return null;
    throw error;
  }
}

function recordOf(said: JsonValue, { offset }: Slice, { object }: EntityDefinition): JsonObject {
  if (isJsonObject(said)) return said;
  throw new FreshetError('source_error', {
    code: 'listed-row-not-object',
    message: `A list row of ${object} is no object (at byte ${offset} of the answer)`,
    remedy: 'Run again; if it stays, the source answers something that is not its documented list.',
  });
}
