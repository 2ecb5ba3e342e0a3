import { KeptLines } from '../kept-lines';
import type { SquareRequest } from './request';

/** One line of the log that judges what was fetched. Tokens are not in it. */
export interface SquareLogged {
  readonly n: number;
  /** Sandbox clock, ISO in UTC. */
  readonly at: string;
  /** Real time, ISO in UTC. */
  readonly atReal: string;
  readonly method: string;
  readonly path: string;
  readonly kind: SquareRequest['kind'];
  readonly page?: number;
  /** Whether it carried a cursor. */
  readonly continued: boolean;
  /** The body without its cursor, or the query parameters of a GET. */
  readonly asked: unknown;
  /** 0 while no answer was given (hanging, reset). */
  readonly status: number;
  /** Square's error code. */
  readonly code?: string;
  /** The fault rule that hit this request. */
  readonly fault?: string;
  /** How many records the answer shows. */
  readonly records?: number;
  /** Their ids, when the sandbox keeps them. */
  readonly ids?: readonly string[];
}

/** Filled in when the answer is known. */
export interface SquareLine {
  readonly n: number;
  readonly at: number;
  readonly atReal: number;
  readonly request: SquareRequest;
  status: number;
  code: string | undefined;
  fault: string | undefined;
  records: number | undefined;
  ids: readonly string[] | undefined;
}

export class SquareLog {
  readonly #kept = new KeptLines<SquareLine>();

  add(request: SquareRequest, at: number): SquareLine {
    const unknown = { code: undefined, fault: undefined, records: undefined, ids: undefined };
    return this.#kept.add((n) => ({ n, at, atReal: Date.now(), request, status: 0, ...unknown }));
  }

  get total(): number {
    return this.#kept.total;
  }

  read(): SquareLogged[] {
    return this.#kept.read().map(logged);
  }

  clear(): void {
    this.#kept.clear();
  }
}

function logged(line: SquareLine): SquareLogged {
  const { request } = line;
  return {
    n: line.n,
    at: new Date(line.at).toISOString(),
    atReal: new Date(line.atReal).toISOString(),
    method: request.method,
    path: request.path,
    kind: request.kind,
    ...(request.page !== undefined && { page: request.page }),
    continued: request.cursor !== undefined,
    asked: asked(request),
    status: line.status,
    ...(line.code !== undefined && { code: line.code }),
    ...(line.fault !== undefined && { fault: line.fault }),
    ...(line.records !== undefined && { records: line.records }),
    ...(line.ids !== undefined && { ids: line.ids }),
  };
}

function asked({ method, params, body }: SquareRequest): unknown {
  const withoutCursor = (key: string, value: unknown): unknown => (key === 'cursor' ? undefined : value);
  if (method === 'GET') return JSON.parse(JSON.stringify(Object.fromEntries(params), withoutCursor));
  try {
    return JSON.parse(body, withoutCursor) as unknown;
  } catch {
    return body.slice(0, 1000);
  }
}
