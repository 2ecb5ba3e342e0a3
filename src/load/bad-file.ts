import { FreshetError } from '../domain/errors';
import { JsonBytesError } from '../json/json-bytes-error';

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
