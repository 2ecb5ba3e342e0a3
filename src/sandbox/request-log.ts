import { KeptLines } from './kept-lines';
import type { SandboxRequest, RequestKind } from './request';
import type { EntityName } from './world';

/** One line of the log that judges what was fetched. */
export interface LoggedRequest {
  readonly n: number;
  /** Sandbox clock, ISO in UTC. */
  readonly at: string;
  /** Real time, ISO in UTC. */
  readonly atReal: string;
  readonly method: string;
  readonly path: string;
  readonly kind: RequestKind;
  readonly entity?: EntityName;
  readonly recordId?: string;
  readonly page?: number;
  readonly perPage?: number;
  /** Query parameters without secrets. */
  readonly query: Readonly<Record<string, string>>;
  /** 0 while no answer was given (hanging, reset). */
  readonly status: number;
  readonly code?: number;
  /** The fault rule that hit this request. */
  readonly fault?: string;
  /** Ids of a list answer, when the sandbox keeps them. */
  readonly ids?: readonly string[];
}

/** Filled in when the answer is known. */
export interface LogLine {
  readonly n: number;
  readonly at: number;
  readonly atReal: number;
  readonly request: SandboxRequest;
  status: number;
  code: number | undefined;
  fault: string | undefined;
  ids: readonly string[] | undefined;
}

const SECRETS = new Set(['client_id', 'client_secret', 'refresh_token', 'code']);

/** The newest 200,000 requests, oldest first; counts go on beyond. */
export class RequestLog {
  readonly #kept = new KeptLines<LogLine>();

  add(request: SandboxRequest, at: number): LogLine {
    return this.#kept.add((n) => ({ n, at, atReal: Date.now(), request, status: 0, code: undefined, fault: undefined, ids: undefined }));
  }

  /** Requests since the start, also the forgotten ones. */
  get total(): number {
    return this.#kept.total;
  }

  read(): LoggedRequest[] {
    return this.#kept.read().map(logged);
  }

  clear(): void {
    this.#kept.clear();
  }
}

function logged(line: LogLine): LoggedRequest {
  const { request } = line;
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of request.params) if (!SECRETS.has(key)) query[key] = value;
  return {
    n: line.n,
    at: new Date(line.at).toISOString(),
    atReal: new Date(line.atReal).toISOString(),
    method: request.method,
    path: request.path,
    kind: request.kind,
    ...(request.entity !== undefined && { entity: request.entity }),
    ...(request.recordId !== undefined && { recordId: request.recordId }),
    ...(request.page !== undefined && { page: request.page }),
    ...(request.perPage !== undefined && { perPage: request.perPage }),
    query: { ...query },
    status: line.status,
    ...(line.code !== undefined && { code: line.code }),
    ...(line.fault !== undefined && { fault: line.fault }),
    ...(line.ids !== undefined && { ids: line.ids }),
  };
}
