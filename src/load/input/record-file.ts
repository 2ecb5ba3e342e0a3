import { JsonBytesError } from '../../json/json-bytes-error';
import { badInput, wrongEncoding } from '../bad-file';
import { unpack, withHead, type Compression } from './compression';
import { ENCODING_HEAD_BYTES, encodingOf, Latin1Watch } from './encoding';
import { ShapeReader, type Shape } from './shape';

/** A record as it stands in a file, whatever it is wrapped in. `offset`: of the decompressed bytes. */
export interface InputRecord {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What a file turned out to be. */
export interface FileForm {
  readonly compression: Compression;
  /** `envelope`: `{ "<entity>": [...] }`; `lines`: NDJSON. */
  readonly shape: Shape;
}

/** Records of one file of JSON, in portions, in their order; nothing of the file is held longer than a portion. */
export interface RecordFile {
  readonly portions: AsyncIterable<readonly InputRecord[]>;
  /** Known once the portions have ended. */
  form(): FileForm;
}

export interface RecordQuestion {
  /** Which key of an envelope is meant. */
  readonly entity: string;
  /** Bytes of a record at most; absent: as many as freshet holds of one. */
  readonly longest?: number;
}

/**
 * The records of a file that any tool wrote. `name` is how messages call it.
 * Errors of the portions: `file_error`, naming file, byte and remedy, code `bad-json-file`, `not-records`, `wrong-encoding` or
 * `bad-compression`; and those of the content.
 */
export function readRecordFile(name: string, content: AsyncIterable<Uint8Array>, question: RecordQuestion): RecordFile {
  const unpacked = unpack(name, content);
  const text = new TextCutter({ name, ...question });
  async function* portions(): AsyncGenerator<readonly InputRecord[]> {
    try {
      for await (const chunk of withHead(unpacked.content, ENCODING_HEAD_BYTES)) {
        const records = text.push(chunk);
        if (records.length > 0) yield records;
      }
      const last = text.end();
      if (last.length > 0) yield last;
    } catch (error) {
      throw error instanceof JsonBytesError ? badInput(name, error, unpacked.compression() !== 'none') : error;
    }
  }
  return { portions: portions(), form: () => ({ compression: unpacked.compression(), shape: text.shape }) };
}

/** Unpacked bytes to records. Throws JsonBytesError, and `file_error` code `wrong-encoding`. */
class TextCutter {
  private readonly watch = new Latin1Watch();
  private reader: ShapeReader | null = null;
  private at = 0;

  constructor(private readonly question: RecordQuestion & { readonly name: string }) {}

  get shape(): Shape {
    return this.reader?.shape ?? 'array';
  }

  push(chunk: Buffer): readonly InputRecord[] {
    const skip = this.reader === null ? this.lengthOfMark(chunk) : 0;
    this.reader ??= this.readerAt(skip);
    const letter = this.watch.look(chunk, this.at);
    if (letter !== null) throw wrongEncoding(this.question.name, 'Latin-1 (or Windows-1252)', letter);
    this.at += chunk.length;
    return this.reader.push(chunk.subarray(skip));
  }

  end(): readonly InputRecord[] {
    return (this.reader ?? this.readerAt(0)).end();
  }

  private lengthOfMark(head: Buffer): number {
    const encoding = encodingOf(head);
    if ('other' in encoding) throw wrongEncoding(this.question.name, encoding.other, 0);
    return encoding.skip;
  }

  private readerAt(at: number): ShapeReader {
    return new ShapeReader(this.question, at);
  }
}
