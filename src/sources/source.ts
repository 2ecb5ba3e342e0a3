import type { JsonValue } from '../json/decode';
import type { Slice } from '../json/slices';
import type { RequestBudget } from '../http/request-budget';
import type { StageContext } from '../observability/stage-context';
import type { TokenStore } from './token-store';

/** PostgreSQL types a column can have; the lattice of contracts §5 runs over them. */
export type ColumnType = 'boolean' | 'bigint' | 'numeric' | 'date' | 'timestamptz' | 'text' | 'jsonb';

/** How the records of an entity tell when they last changed. */
export interface CursorField {
  /** Field of the list row that carries it. */
  readonly field: string;
  /** `instant`: a time text, compared in µs; `integer`: a counter such as a global stamp. */
  readonly kind: 'instant' | 'integer';
  /** The finest step of the source's clock in this field. */
  readonly precision: 'second' | 'millisecond' | 'microsecond' | 'integer';
  /** Whether the source's lower-bound filter returns rows equal to the bound. */
  readonly boundary: 'inclusive' | 'exclusive';
}

/** How a list is paged; decides how it can be continued and whether rows can slip between pages. */
export type Paging =
  | { readonly kind: 'number'; readonly pageSize: number }
  | { readonly kind: 'token'; readonly in: 'query' | 'body'; readonly pageSize: number; readonly lifetimeMs: number | null }
  | { readonly kind: 'keyset'; readonly field: string; readonly pageSize: number }
  | { readonly kind: 'single' };

/** In which order a list comes. `immutable`: by a field that no edit changes, so only deletions and creations shift rows. */
export type ListOrder = 'immutable' | 'cursor_ascending' | 'cursor_descending' | 'none';

export type DeletesBy =
  | { readonly kind: 'sweep'; readonly confirmByDetail: boolean }
  | { readonly kind: 'feed'; readonly object: string; readonly cursorField: string }
  | { readonly kind: 'tombstones'; readonly field: string }
  | { readonly kind: 'never' };

/** Arrays inside a record that become a line-item table. */
export interface LineItems {
  readonly field: string;
}

/** A source splits an entity into parts that each have their own watermark (Square: locations). */
export interface Partitions {
  /** The entity whose ids are the parts; read before this one. */
  readonly entity: string;
  /** Field of a record that names its part. */
  readonly field: string;
  readonly perCall: number;
}

export interface EntityDefinition {
  /** The source's own name of it, sent in requests. */
  readonly object: string;
  /** Fields whose values, in this order, are the key. */
  readonly key: readonly [string, ...string[]];
  /** Path from the answer's root to the array of records. */
  readonly recordsPath: readonly string[];
  /** An answer without the array means an empty one (Square leaves empty arrays out). */
  readonly recordsMayBeAbsent?: true;
  readonly cursor: CursorField | null;
  /** Whether the source can list only what changed since a cursor. */
  readonly incremental: boolean;
  readonly paging: Paging;
  readonly order: ListOrder;
  /** A page shorter than `pageSize` does not mean the end. */
  readonly shortPages: boolean;
  /** Present where the list rows are only an index: the record is the answer to a call of its own. */
  readonly detail: { readonly recordPath: readonly string[]; readonly perCall: 1 } | null;
  readonly deletes: DeletesBy;
  readonly partitions: Partitions | null;
  /** A record is settled when fetched this long after its own cursor instant: until then another edit may carry the same cursor. */
  readonly settleMs: number;
  /** How far before the watermark the next read starts (instants: ms; integers: steps). */
  readonly lag: number;
  /** Field that only grows with each change of a record, where there is one. */
  readonly version: string | null;
  readonly lineItems: LineItems | null;
  /** Fields that change without the record having changed; left out of the row hash. */
  readonly volatile: readonly string[];
  /** `""` stands for no value in columns that are not text. */
  readonly emptyIsNull: boolean;
  /** What the source's specification says of its fields; fields not named here are inferred from the data. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly lineItemColumns: Readonly<Record<string, ColumnType>>;
  readonly priority: 'high' | 'medium' | 'low';
  readonly dependsOn: readonly string[];
}

/** The limits the source documents; settings can lower them. */
export interface SourceLimits {
  readonly requestsPerMinute: number;
  readonly concurrent: number;
}

/** Where a list stands between two pages; opaque outside the source, small, plain JSON. */
export type PagePosition = Readonly<Record<string, string | number>>;

export type ReadKind = 'complete' | 'incremental' | 'window' | 'partial';

export interface ListRequest {
  /** The source's entity: its name in `Source.entities`, which a pipeline may call otherwise. */
  readonly entity: string;
  /** `null` asks for the first page. */
  readonly position: PagePosition | null;
  /** Lower bound in the form of `CursorField.kind` (instant: ISO text in UTC with µs; integer: digits), inclusive for the caller: an exclusive source is asked one step earlier. */
  readonly from: string | null;
  readonly to: string | null;
  readonly partitions: readonly string[];
  readonly filters: Readonly<Record<string, string | number | boolean>>;
}

/** Takes the records of one answer, in their order. What it throws ends the request. */
export interface RecordTaker {
  take(record: JsonValue, place: Slice, body: Buffer): void;
}

/** What a client may tell while it reads an answer, which it parses anyway. One that does not says so by an answer without `list`. */
export interface ListReading {
  /** Where the list goes on: perhaps long before the answer is read to its end, and once more where a try failed. */
  onNext(next: PagePosition | null): void;
  /** For each try anew. */
  taker(): RecordTaker;
}

export interface ListAnswer {
  /** The answer as received, decoded from transfer encodings, checked to be complete and valid UTF-8 JSON. */
  readonly body: Buffer;
  /** Where its records stand, and who has taken them already. */
  readonly list?: { readonly slice: Slice; readonly taken: RecordTaker };
  readonly next: PagePosition | null;
  /** The source's clock when it answered (ISO, UTC); `null` where it does not tell. */
  readonly clock: string | null;
  /** For an integer cursor: the greatest value that the source had given out when it answered (digits); absent where it does not tell. */
  readonly counter?: string;
  /** Digest of what was asked, without secrets: tells the same page asked twice. */
  readonly requestDigest: string;
}

/** What a source says that it deleted. */
export interface Deletion {
  /** Key of the record, as `EntityDefinition.key` makes it. */
  readonly id: string;
  /** The counter at the deletion (digits): a record with a later cursor came after it. */
  readonly stamp: string;
}

export interface DeletionsAnswer {
  readonly deletions: readonly Deletion[];
  /** More than this the counter had not given out when the source answered (digits); `null` where it does not tell. */
  readonly counterAtMost: string | null;
  readonly next: PagePosition | null;
  readonly requestDigest: string;
}

/** What the server at hand says of an entity, where that differs from server to server. */
export interface Survey {
  /** Replaces what the registry says. */
  readonly definition: Pick<EntityDefinition, 'key' | 'cursor' | 'incremental' | 'paging' | 'order' | 'deletes' | 'version' | 'columns'>;
  /** For an integer cursor: the greatest value given out so far, or less (digits); `null` where the server keeps none. */
  readonly counter: string | null;
  /** More than this it has not given out (digits); `null` where the server keeps none, or keeps it to itself. */
  readonly counterAtMost: string | null;
}

export type DetailAnswer =
  | { readonly found: true; readonly body: Buffer; readonly clock: string | null; readonly requestDigest: string }
  | { readonly found: false; readonly clock: string | null; readonly requestDigest: string };

/** One open connection to a source: holds token, limiter and keep-alive sockets. Safe for concurrent calls. */
export interface SourceClient {
  /** One list request. Errors: FreshetError of the taxonomy; never an empty page instead of an error. */
  list(request: ListRequest, ctx: StageContext, reading?: ListReading): Promise<ListAnswer>;
  /** One detail call; `found: false` only when the source says that the record does not exist. */
  detail(request: { readonly entity: string; readonly id: string }, ctx: StageContext): Promise<DetailAnswer>;
  /** One page of the deletions feed, ascending by stamp, from `from` on, inclusive; only where `deletes.kind` is `feed`. */
  deletions?(
    request: { readonly entity: string; readonly from: string | null; readonly position: PagePosition | null },
    ctx: StageContext,
  ): Promise<DeletionsAnswer>;
  /** What this server knows of an entity; only where that differs from server to server. */
  survey?(request: { readonly entity: string }, ctx: StageContext): Promise<Survey>;
  close(): Promise<void>;
}

/** How a process reaches one account of a source: the resolved settings, with the secrets it is allowed to know. */
export interface SourceConnection {
  readonly baseUrl: string;
  readonly accountsUrl: string | null;
  readonly organizationId: string | null;
  readonly credentials: ReadonlyMap<string, { reveal(): string }>;
  /** Where access tokens are shared with other processes. */
  readonly tokens: TokenStore;
  /** Counts the account's requests for all processes; absent: this process counts for itself. */
  readonly budget?: RequestBudget | undefined;
  /** Instead of what the source documents. */
  readonly limits: Partial<SourceLimits>;
  /** ms */
  readonly timeouts: { readonly connect: number; readonly answer: number; readonly body: number };
}

/** A source's definition: data that shared code asks instead of asking "is it square?". */
export interface Source {
  readonly type: string;
  /** How the source is called in sentences for people. */
  readonly title: string;
  readonly limits: SourceLimits;
  /** IANA zone of its times that carry no offset. */
  readonly zone: string;
  /** Where the source's clock is read: the Date header of its answers, or nowhere. */
  readonly clock: 'date_header' | 'none';
  readonly entities: Readonly<Record<string, EntityDefinition>>;
  /** Where a server has entities of its own making: what is assumed of one that `entities` does not name. */
  readonly entityNamed?: (name: string) => EntityDefinition;
  open(connection: SourceConnection): SourceClient;
}
