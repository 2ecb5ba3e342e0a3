import { KeptLines } from '../kept-lines';
import type { RequestKind, RestRequest } from './request';

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
  readonly dataClass?: string;
  readonly key?: string;
  readonly offset: number;
  readonly query: Readonly<Record<string, string>>;
  /** Which session it came in, counted from 1; never the cookie. Absent when none was given. */
  readonly session?: number;
  /** Whether that session was opened by this very request. */
  readonly opened: boolean;
  /** 0 while no answer was given (hanging, reset). */
  readonly status: number;
  readonly errCode?: number;
  /** The fault rule that hit this request. */
  readonly fault?: string;
  /** Keys of a list answer, when the sandbox keeps them. */
  readonly keys?: readonly string[];
}

/** Filled in when the answer is known. */
export interface LogLine {
  readonly n: number;
  readonly at: number;
  readonly atReal: number;
  readonly request: RestRequest;
  session: number | undefined;
  opened: boolean;
  status: number;
  errCode: number | undefined;
  fault: string | undefined;
  keys: readonly string[] | undefined;
}

const UNKNOWN = { session: undefined, opened: false, status: 0, errCode: undefined, fault: undefined, keys: undefined };

export class RequestLog {
  readonly #kept = new KeptLines<LogLine>();

  add(request: RestRequest, at: number): LogLine {
    return this.#kept.add((n) => ({ n, at, atReal: Date.now(), request, ...UNKNOWN }));
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

function logged({ request, session, errCode, fault, keys, ...line }: LogLine): LoggedRequest {
  const { method, path, kind, dataClass, key, offset } = request;
  return {
    n: line.n,
    at: new Date(line.at).toISOString(),
    atReal: new Date(line.atReal).toISOString(),
    method,
    path,
    kind,
    ...(dataClass !== undefined && { dataClass }),
    ...(key !== undefined && { key }),
    offset,
    query: Object.fromEntries(request.params),
    ...(session !== undefined && { session }),
    opened: line.opened,
    status: line.status,
    ...(errCode !== undefined && { errCode }),
    ...(fault !== undefined && { fault }),
    ...(keys !== undefined && { keys }),
  };
}
