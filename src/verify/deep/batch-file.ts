import { createHash } from 'node:crypto';
import { isFreshetError } from '../../domain/errors';
import { ArraySplitter, type StreamedRecord } from '../../json/array-stream';
import { JsonBytesError } from '../../json/json-bytes-error';
import type { LandingStore } from '../../landing/landing-store';

/** What one pass over a landed file shows. */
export interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
  /** Why it is no whole JSON array, or not there; `null` when it is. */
  readonly broken: string | null;
}

/**
 * Streams a landed file once: size, checksum, and every record of its array in order, as far as it can be cut.
 * Holds one chunk and one record. `null` when the file does not exist.
 */
export async function readBatchFile(
  landing: LandingStore,
  key: string,
  onRecord: (record: StreamedRecord) => Promise<void>,
): Promise<FileFacts | null> {
  const hash = createHash('sha256');
  const splitter = new ArraySplitter();
  let [bytes, records] = [0, 0];
  let broken: string | null = null;
  try {
    for await (const chunk of landing.read(key)) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      const found: StreamedRecord[] =
        broken === null
          ? cut(
              () => splitter.push(chunk),
              (why) => (broken = why),
            )
          : [];
      for (const record of found) await onRecord(record);
      records += found.length;
    }
  } catch (error) {
    if (isFreshetError(error) && error.code === 'landing-file-missing') return null;
    throw error;
  }
  if (broken === null)
    cut(
      () => (splitter.end(), []),
      (why) => (broken = why),
    );
  return { bytes, sha256: hash.digest('hex'), records, broken };
}

function cut(step: () => StreamedRecord[], failed: (why: string) => void): StreamedRecord[] {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof JsonBytesError)) throw error;
    failed(error.message);
    return [];
  }
}

/** Digest of a page as its own file was: the records between brackets. */
export async function pageDigest(landing: LandingStore, key: string, range: { offset: number; length: number }): Promise<string> {
  const hash = createHash('sha256').update('[');
  for await (const chunk of landing.read(key, range)) hash.update(chunk);
  return hash.update(']').digest('hex');
}
