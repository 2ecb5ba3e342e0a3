import { createHash } from 'node:crypto';
import { FreshetError } from '../domain/errors';
import type { LandingStore } from './landing-store';

/** Where a record lies in landing, and which it was. */
export interface RecordAt {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

/** The bytes of one landed record. Errors: `file_error` code `landing-file-missing`, or `record-changed` where they are others by now. */
export async function landedRecord(landing: Pick<LandingStore, 'read'>, { file, offset, length, sha256 }: RecordAt): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of landing.read(file, { offset, length })) parts.push(part);
  const bytes = Buffer.concat(parts);
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  throw new FreshetError('file_error', {
    code: 'record-changed',
    message: `${file}: the record at byte ${offset} is not the one that was refused`,
    why: 'Its checksum differs: the file was edited, or the disk lost something.',
    remedy: 'Fetch the record anew with a run of its pipeline, or write it whole into the column fix of an export: {"$record": {…}}.',
    where: file,
    retryable: false,
  });
}
