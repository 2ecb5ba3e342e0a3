/** Milliseconds. `headers` and `body` are silences (until the first header; between two pieces of the body), `total` is the whole exchange with redirects. */
export interface HttpTimeouts {
  readonly connect: number;
  readonly headers: number;
  readonly body: number;
  readonly total: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = { connect: 10_000, headers: 30_000, body: 30_000, total: 120_000 };

/** One request. `query` is added to the URL, percent-encoded (`+` as `%2B`). */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Overrides of the client's; `connect` belongs to the client. */
  readonly timeouts?: Partial<Omit<HttpTimeouts, 'connect'>>;
  /** Most bytes of the answer as they come over the wire; default 64 MiB. */
  readonly maxBytes?: number;
  /** Most bytes that decompression may make of one byte; default 100, never more than 512 MiB in all. */
  readonly maxRatio?: number;
}

/** A whole answer: every byte arrived and is decompressed; nothing is said yet about what it means. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; repeated ones joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The `Date` header as ISO text in UTC with µs; `null` where it is missing or no date. */
  readonly date: string | null;
}

/** Host and path for sentences: never the query, which may hold secrets or names. */
export function placeOf(url: URL): string {
  return `${url.host}${url.pathname}`;
}
