import { ENTITIES } from './world';
import type { EntityName } from './world';

export type RequestKind = 'token' | 'list' | 'detail' | 'organizations' | 'other';

/** A request as the sandbox understands it, before it is answered. */
export interface SandboxRequest {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly kind: RequestKind;
  readonly entity: EntityName | undefined;
  readonly recordId: string | undefined;
  /** The page asked for, of list calls. */
  readonly page: number | undefined;
  readonly perPage: number | undefined;
}

const API = '/books/v3/';

/** Classifies a request by its path; never fails, whatever was sent. */
export function parsedRequest(method: string, target: string): SandboxRequest {
  const cut = target.indexOf('?');
  const path = cut < 0 ? target : target.slice(0, cut);
  const params = new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1));
  const base = { method, path, params, entity: undefined, recordId: undefined, page: undefined, perPage: undefined };
  if (path === '/oauth/v2/token') return { ...base, kind: 'token' };
  const [name, id, ...rest] = path.startsWith(API) ? path.slice(API.length).split('/') : [];
  if (name === 'organizations' && rest.length === 0) return { ...base, kind: 'organizations', recordId: id };
  const entity = ENTITIES.find((known) => known === name);
  if (entity === undefined || rest.length > 0 || id === '') return { ...base, kind: 'other' };
  if (id !== undefined) return { ...base, kind: 'detail', entity, recordId: decoded(id) };
  return { ...base, kind: 'list', entity, page: Number(params.get('page') ?? 1), perPage: Number(params.get('per_page') ?? 200) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
