export type RequestKind = 'login' | 'logout' | 'catalog' | 'list' | 'entity' | 'entitySet' | 'release' | 'other';

/** A request as the sandbox understands it, before it is answered. */
export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** Query parameters, percent-decoded and nothing else: a `+` stays a plus. */
  readonly params: ReadonlyMap<string, string>;
  readonly kind: RequestKind;
  /** As it was sent; whether there is such a class is seen later. */
  readonly dataClass: string | undefined;
  readonly key: string | undefined;
  /** Of `/Class:attribute(value)`. */
  readonly uniqueAttribute: string | undefined;
  readonly attributes: readonly string[] | undefined;
  readonly entitySet: string | undefined;
  /** What follows `$catalog/`. */
  readonly catalogEntry: string | undefined;
  /** `$skip` of lists. */
  readonly offset: number;
}

const ROOT = '/rest/';
const RESOURCE = /^([\p{L}_][\p{L}\p{N}_]*)(?:\((.*)\)|:([\p{L}_][\p{L}\p{N}_]*)\((.*)\))?$/su;

/** Classifies a request by its path; never fails, whatever was sent. */
export function parsedRequest(method: string, target: string): RestRequest {
  const cut = target.indexOf('?');
  const path = cut < 0 ? target : target.slice(0, cut);
  const params = paramsOf(cut < 0 ? '' : target.slice(cut + 1));
  const segments = path.startsWith(ROOT) ? path.slice(ROOT.length).split('/').filter(Boolean).map(decoded) : [];
  const nothing = { dataClass: undefined, key: undefined, uniqueAttribute: undefined, attributes: undefined, entitySet: undefined };
  const base = { method, path, params, ...nothing, catalogEntry: undefined, offset: wholeOf(params.get('$skip')) ?? 0 };
  const [first = '', second] = segments;
  if (first === '$catalog') {
    const login = second === 'authentify' && method === 'POST';
    return { ...base, kind: login ? 'login' : 'catalog', catalogEntry: second };
  }
  if (first === '$directory') {
    const kind = second === 'login' || second === 'logout' ? second : 'other';
    return { ...base, kind: method === 'POST' ? kind : 'other' };
  }
  return { ...base, ...resource(segments, params) };
}

type Resource = Pick<RestRequest, 'kind' | 'dataClass' | 'key' | 'uniqueAttribute' | 'attributes' | 'entitySet'>;

function resource(segments: readonly string[], params: ReadonlyMap<string, string>): Resource {
  const [first = '', ...rest] = segments;
  const match = RESOURCE.exec(first);
  const set = rest.indexOf('$entityset');
  const entitySet = set < 0 ? undefined : rest[set + 1];
  const names = set < 0 ? rest : rest.slice(0, set);
  const attributes = names.length === 0 ? undefined : namesOf(names.join('/'));
  const found = { dataClass: match?.[1], key: undefined, uniqueAttribute: match?.[3], attributes, entitySet };
  if (!match || (set >= 0 && entitySet === undefined)) return { ...found, kind: 'other' };
  if (entitySet !== undefined) return { ...found, kind: params.get('$method') === 'release' ? 'release' : 'entitySet' };
  const key = match[2] ?? match[4];
  return key === undefined ? { ...found, kind: 'list' } : { ...found, kind: 'entity', key: withoutQuotes(key) };
}

/** Names with commas between them. */
export function namesOf(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function paramsOf(query: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const part of query.split('&')) {
    const cut = part.indexOf('=');
    if (part !== '') params.set(decoded(cut < 0 ? part : part.slice(0, cut)), cut < 0 ? '' : decoded(part.slice(cut + 1)));
  }
  return params;
}

function withoutQuotes(key: string): string {
  return /^(["']).*\1$/s.test(key) && key.length > 1 ? key.slice(1, -1) : key;
}

/** A whole number of 0 or more, undefined for anything else. */
export function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
