import { FreshetError } from '../domain/errors';
import { JsonBytesError, type JsonBytesFault } from '../json/json-bytes-error';

const DAMAGED =
  'The file is damaged or no array of records; nothing of it was loaded. Run the pipeline again: it gives this read up and reads anew.';
const TOO_LONG =
  'A record may have an eighth of load.memory_limit: raise that setting, then run the pipeline again. Nothing of the file was loaded.';

/** Runs a step over the bytes of a batch's file; what is wrong with them is told with file and byte. */
export function inFile<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof JsonBytesError)) throw error;
    throw new FreshetError('file_error', {
      code: 'bad-json-file',
      message: `${file}: ${error.message}`,
      remedy: error.fault === 'too-long' ? TOO_LONG : DAMAGED,
      where: `${file}, byte ${error.offset}`,
      facts: { fault: error.fault, offset: error.offset },
      retryable: false,
      cause: error,
    });
  }
}

const AGAIN = 'then load again. Nothing of this file is stored.';

/** What somebody does about a file of his own, by what is wrong with it. */
const REMEDIES: Readonly<Partial<Record<JsonBytesFault, string>>> = {
  empty: `Write it anew ("[]" says that there are no records) or take it out of the folder, ${AGAIN}`,
  truncated: `Whoever wrote it stopped half-way or is still writing: write it anew, ${AGAIN}`,
  trailing: `Something was appended to it, or two files were put together: take away what follows, or write one record a line, ${AGAIN}`,
  'too-long': `Is a quote or a bracket missing there? Repair it; if the record is as long as that, raise load.memory_limit, of which a record may have an eighth, ${AGAIN}`,
};

/** A file of another tool that is no JSON, or JSON without records. `unpacked`: bytes are counted in what the file unpacks to. */
export function badInput(name: string, error: JsonBytesError, unpacked: boolean): FreshetError {
  const { fault, offset } = error;
  const shared = {
    where: `${name}, byte ${offset}${unpacked ? ' of what it unpacks to' : ''}`,
    facts: { fault, offset },
    retryable: false,
    cause: error,
  };
  if (fault === 'not-array' || fault === 'ambiguous') {
    return new FreshetError('file_error', {
      code: 'not-records',
      message: `${name}: ${error.message}`,
      remedy:
        'A file of records is an array, one record a line, or an object with one array, named like the entity. Take this one out of the folder or write it so, then load again. Nothing of this file is stored.',
      ...shared,
    });
  }
  const remedy = REMEDIES[fault] ?? `Repair it at that byte or write it anew, ${AGAIN}`;
  return new FreshetError('file_error', { code: 'bad-json-file', message: `${name}: ${error.message}`, remedy, ...shared });
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
