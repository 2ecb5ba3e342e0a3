import { FreshetError } from '../domain/errors';

/** What is compared, as somebody named it. `select`: a query instead of a table. */
export type SideName =
  | { readonly kind: 'table'; readonly table: string }
  | { readonly kind: 'query'; readonly select: string }
  | { readonly kind: 'csv'; readonly path: string }
  | { readonly kind: 'sqlite'; readonly path: string; readonly of: Relation }
  | { readonly kind: 'database'; readonly address: DatabaseAddress; readonly of: Relation };

export type Relation = { readonly table: string } | { readonly select: string };
/** `env`: a variable that holds the URL. A URL on the command line is a secret too. */
export type DatabaseAddress = { readonly env: string } | { readonly url: string };

const GRAMMAR =
  'Write table:<schema>.<table>, query:<select …>, csv:<path>, sqlite:<path>#<table>, or env:<VARIABLE>#<schema>.<table> for another PostgreSQL whose URL is in that variable. Behind # may also stand a select.';

/** Reads a side as it is written on the command line and in a comparison's file. Errors: `compare-side`. */
export function parseSide(text: string): SideName {
  const trimmed = text.trim();
  const [, prefix = '', rest = ''] = /^(table|query|csv|sqlite|env):(?!\/\/)(.*)$/s.exec(trimmed) ?? [];
  if (prefix === 'table' && rest.trim() !== '') return { kind: 'table', table: rest.trim() };
  if (prefix === 'query' && isSelect(rest)) return { kind: 'query', select: bare(rest) };
  if (prefix === 'csv' && rest !== '') return { kind: 'csv', path: rest };
  if (prefix === 'sqlite') return withRelation(text, rest, (path, of) => ({ kind: 'sqlite', path, of }));
  if (prefix === 'env') return withRelation(text, rest, (env, of) => ({ kind: 'database', address: { env }, of }));
  if (/^postgres(ql)?:\/\//i.test(trimmed)) return withRelation(text, trimmed, (url, of) => ({ kind: 'database', address: { url }, of }));
  if (/\.(csv|tsv)$/i.test(trimmed)) return { kind: 'csv', path: trimmed };
  if (/^[\w$]+\.[\w$]+$/.test(trimmed)) return { kind: 'table', table: trimmed };
  throw badSide(text);
}

/** Whether a word can only be a side, never the name of a comparison. */
export function looksLikeSide(text: string): boolean {
  return /[:./#\s]/.test(text);
}

function withRelation(text: string, rest: string, make: (place: string, of: Relation) => SideName): SideName {
  const at = rest.indexOf('#');
  const [place, relation] = at === -1 ? [rest, ''] : [rest.slice(0, at), rest.slice(at + 1).trim()];
  if (place === '' || relation === '') throw badSide(text);
  return make(place, isSelect(relation) ? { select: bare(relation) } : { table: relation });
}

function isSelect(text: string): boolean {
  return /^\s*(select|with|values|table)\b/i.test(text);
}

/** Without the semicolons at its end, which would end the statement that it becomes a part of. */
function bare(select: string): string {
  return select.trim().replace(/(\s*;)+$/, '');
}

/** A side as reports name it: never with the password of a database. */
export function sideLabel(side: SideName): string {
  switch (side.kind) {
    case 'table':
      return `table ${side.table}`;
    case 'query':
      return `query ${shortened(side.select)}`;
    case 'csv':
      return side.path;
    case 'sqlite':
      return `${side.path}#${relationLabel(side.of)}`;
    case 'database':
      return `${'env' in side.address ? side.address.env : hostOf(side.address.url)}#${relationLabel(side.of)}`;
  }
}

function relationLabel(of: Relation): string {
  return 'table' in of ? of.table : shortened(of.select);
}

function shortened(select: string): string {
  const line = select.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function hostOf(url: string): string {
  if (!URL.canParse(url)) return 'postgres';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function badSide(text: string): FreshetError {
  const shown = text.replace(/\/\/[^@/\s]*@/, '//…@').slice(0, 100);
  return new FreshetError('config_error', {
    code: 'compare-side',
    message: `"${shown}" names nothing that can be compared`,
    remedy: GRAMMAR,
  });
}
