import { FreshetError } from '../domain/errors';
import { JsonBytesError, type JsonBytesFault } from '../json/json-bytes-error';

/** Runs a step over the bytes of a batch's file; what is wrong with them is told with file and byte. */
export function inFile<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof JsonBytesError)) throw error;
    throw new FreshetError('file_error', {
      code: 'bad-json-file',
      message: `${file}: ${error.message}`,
      remedy:
        'The file is damaged or no array of records; nothing of it was loaded. Run the pipeline again: it gives this read up and reads anew.',
      where: `${file}, byte ${error.offset}`,
      facts: { fault: error.fault, offset: error.offset },
      retryable: false,
      cause: error,
    });
  }
}

const AGAIN = 'then load again. Nothing of this file is stored.';

const NOT_RECORDS = `Load files that hold an array of records, one record a line, or one array named like the entity; take this one out of the folder, or put the records of its entity into such a form, ${AGAIN}`;

/** What somebody does about a file of his own, by what is wrong with it. */
const REMEDIES: Readonly<Partial<Record<JsonBytesFault, string>>> = {
  empty: `Write it anew ("[]" says that there are no records) or take it out of the folder, ${AGAIN}`,
  truncated: `Whoever wrote it stopped half-way or is still writing: write it anew, ${AGAIN}`,
  trailing: `Something was appended to it, or two files were put together: take away what follows, or write one record a line, ${AGAIN}`,
  'too-long': `Is a quote or a bracket missing there? Repair it, or cut the record into several, ${AGAIN}`,
};

/** A file of another tool that is no JSON, or JSON without records. `unpacked`: bytes are counted in what the file unpacks to. */
export function badInput(name: string, error: JsonBytesError, unpacked: boolean): FreshetError {
  const shared = {
    message: `${name}: ${error.message}`,
    where: `${name}, byte ${error.offset}${unpacked ? ' of what it unpacks to' : ''}`,
    facts: { fault: error.fault, offset: error.offset },
    retryable: false,
    cause: error,
  };
  if (error.fault === 'not-array' || error.fault === 'ambiguous') {
    return new FreshetError('file_error', { code: 'not-records', remedy: NOT_RECORDS, ...shared });
  }
  const remedy = REMEDIES[error.fault] ?? `Repair it at that byte or write it anew, ${AGAIN}`;
  return new FreshetError('file_error', { code: 'bad-json-file', remedy, ...shared });
}

/** A text that is not UTF-8. `at`: where that shows. */
export function wrongEncoding(name: string, encoding: string, at: number): FreshetError {
  return new FreshetError('file_error', {
    code: 'wrong-encoding',
    message: `${name}: wrong encoding: ${encoding}; JSON is UTF-8 (byte ${at})`,
    where: `${name}, byte ${at}`,
    remedy: `Convert it to UTF-8 (for example with iconv), ${AGAIN}`,
    facts: { fault: 'encoding', offset: at, encoding },
    retryable: false,
  });
}
