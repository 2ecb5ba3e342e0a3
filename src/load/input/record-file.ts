import { ArraySplitter } from '../../json/array-stream';
import { inFile } from '../bad-file';

/** A record as it stands in a file, whatever it is wrapped in. `offset`: of the decompressed bytes. */
export interface InputRecord {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What a file turned out to be. */
export interface FileForm {
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** `envelope`: `{ "<entity>": [...] }`; `lines`: NDJSON. */
  readonly shape: 'array' | 'envelope' | 'lines';
}

/** Records of one file of JSON, in portions, in their order; nothing of the file is held longer than a portion. */
export interface RecordFile {
  readonly portions: AsyncIterable<readonly InputRecord[]>;
  /** Known once the portions have ended. */
  form(): FileForm;
}

/**
 * The records of a file that any tool wrote. `name` is how messages call it, `entity` which key of an envelope is meant.
 * Errors of the portions: `file_error`, naming file, byte and remedy.
 */
export function readRecordFile(name: string, content: AsyncIterable<Uint8Array>, _hint: { readonly entity: string }): RecordFile {
  async function* portions(): AsyncGenerator<readonly InputRecord[]> {
    const splitter = new ArraySplitter();
    for await (const chunk of content) yield inFile(name, () => splitter.push(chunk));
    inFile(name, () => splitter.end());
  }
  return { portions: portions(), form: () => ({ compression: 'none', shape: 'array' }) };
}
