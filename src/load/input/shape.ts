import { ArraySplitter, type StreamedRecord } from '../../json/array-stream';
import { byteName, isSpace, OPEN_ARRAY, OPEN_OBJECT } from '../../json/bytes';
import { JsonBytesError } from '../../json/json-bytes-error';
import { MAX_RECORD_BYTES } from '../../json/value-end';
import { LinesSplitter } from './lines';
import { ObjectReader } from './shape-object';

/** `envelope`: `{ "<entity>": [...] }`; `lines`: NDJSON. */
export type Shape = 'array' | 'envelope' | 'lines';

interface Splitter {
  readonly shape: Shape;
  push(bytes: Buffer): readonly StreamedRecord[];
  end(): readonly StreamedRecord[];
}

/** Finds out what shape a file has while its bytes come in, and cuts it into records. Throws JsonBytesError. */
export class ShapeReader {
  private splitter: Splitter | null = null;

  /**
   * `at`: offset of the first byte that will be pushed. `name`: `.ndjson` and `.jsonl` say that even a single object is a line. `longest`:
   * bytes of a record at most.
   */
  constructor(
    private readonly question: { readonly name: string; readonly entity: string; readonly longest?: number },
    private at: number,
  ) {}

  get shape(): Shape {
    return this.splitter?.shape ?? 'array';
  }

  push(bytes: Buffer): readonly StreamedRecord[] {
    if (this.splitter !== null) return this.splitter.push(bytes);
    let from = 0;
    while (isSpace(bytes[from])) from++;
    this.at += from;
    if (from === bytes.length) return [];
    this.splitter = this.begin(bytes, from);
    return this.splitter.push(bytes.subarray(from));
  }

  end(): readonly StreamedRecord[] {
    if (this.splitter !== null) return this.splitter.end();
    throw new JsonBytesError('empty', this.at, this.at === 0 ? 'It is empty' : 'There is nothing but white space in it');
  }

  private begin(bytes: Buffer, from: number): Splitter {
    const { name, entity, longest = MAX_RECORD_BYTES } = this.question;
    if (bytes[from] === OPEN_ARRAY) return arrayOf(this.at, longest);
    if (bytes[from] !== OPEN_OBJECT) {
      throw new JsonBytesError(
        'not-array',
        this.at,
        `It must contain an array of records; found ${byteName(bytes[from])}${guess(bytes[from]!)}`,
      );
    }
    return /\.(ndjson|jsonl)(\.[a-z0-9]+)?$/i.test(name) ? linesOf(this.at, longest) : new ObjectReader(entity, this.at, longest);
  }
}

function arrayOf(at: number, longest: number): Splitter {
  const splitter = new ArraySplitter(at, longest);
  return {
    shape: 'array',
    push: (bytes) => splitter.push(bytes),
    end() {
      splitter.end();
      return [];
    },
  };
}

function linesOf(at: number, longest: number): Splitter {
  const splitter = new LinesSplitter(at, longest);
  return { shape: 'lines', push: (bytes) => splitter.push(bytes), end: () => splitter.end() };
}

function guess(byte: number): string {
  if (byte === 0x3c) return '; is this a web page or XML?';
  if (byte < 0x20 || byte >= 0x7f) return '; this is no text';
  return /[a-z]/i.test(String.fromCharCode(byte)) ? '; is this CSV or plain text?' : '';
}
