/** What landing needs of a place for files; shaped like an object store, so that one can stand in for the disk. */
export interface LandingStore {
  /** Whole or absent: readers never see half a file. Writing the same key again replaces it whole. Errors: `file_error`. */
  write(key: string, content: Content): Promise<StoredFile>;
  /** Begins a file that grows at this key, of which nobody else may know. Errors: `file_error`. */
  draft(key: string): Promise<Draft>;
  /** Bytes of a file, or of a range of it. Errors: `file_error` code `landing-file-missing` with the key. */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Keys below a prefix, sorted; empty when there are none. */
  list(prefix: string): Promise<string[]>;
  /** Removing what is not there is no error. */
  remove(key: string): Promise<void>;
  /** Makes a folder that did not exist; `false` when somebody else has it. */
  claim(key: string): Promise<boolean>;
}

/** A file that grows piece by piece and is read by nobody before it is published. After an error it can only be discarded. */
export interface Draft {
  /** Resolves when the bytes are durable and were read back; they must not change meanwhile. One after the other. Errors: `file_error`. */
  append(...pieces: readonly Uint8Array[]): Promise<void>;
  /** Ends it: all its bytes are the file of this key. Errors: `file_error`. */
  publish(key: string): Promise<StoredFile>;
  /** Ends it. Never throws. */
  discard(): Promise<void>;
}

/** All bytes of a file, or its pieces one after the other. */
export type Content = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface StoredFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}
