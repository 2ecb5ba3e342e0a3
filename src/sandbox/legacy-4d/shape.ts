import type { DataClass } from './data-class';
import { GLOBAL_STAMP, isStorage } from './data-class';
import { namesOf } from './request';
import { ERR, RestError } from './rest-error';
import type { RecordTable } from './record-table';
import type { Tables } from './access';

/** Which attributes of an entity an answer shows, and which relations it follows. */
export interface Shape {
  /** Undefined: all of them. */
  readonly names: ReadonlySet<string> | undefined;
  readonly expanded: ReadonlyMap<string, Shape>;
}

export const WHOLE: Shape = { names: undefined, expanded: new Map() };

interface Asked {
  readonly attributes: readonly string[] | undefined;
  readonly params: ReadonlyMap<string, string>;
}

/** The shape that a path segment `/name,city`, `$attributes` and `$expand` ask for. */
export function shapeOf(tables: Tables, table: RecordTable, { attributes, params }: Asked): Shape {
  const paths = attributes ?? (params.has('$attributes') ? namesOf(params.get('$attributes') ?? '') : ['*']);
  const shape = shapeOfPaths(tables, table, paths);
  const expanded = new Map(shape.expanded);
  for (const name of namesOf(params.get('$expand') ?? '').filter((each) => each !== '')) {
    relationOf(table.dataClass, name);
    if (!expanded.has(name)) expanded.set(name, WHOLE);
  }
  return { ...shape, expanded };
}

function shapeOfPaths(tables: Tables, table: RecordTable, paths: readonly string[]): Shape {
  const names = new Set<string>();
  const below = new Map<string, string[]>();
  for (const path of paths.filter((each) => each !== '*')) {
    const [name = '', ...rest] = path.split('.');
    requireAttribute(tables, table.dataClass, name);
    names.add(name);
    if (rest.length > 0) below.set(name, [...(below.get(name) ?? []), rest.join('.')]);
  }
  const expanded = new Map(
    [...below].map(([name, inner]) => [name, shapeOfPaths(tables, tables.table(relationOf(table.dataClass, name)), inner)] as const),
  );
  return { names: paths.includes('*') ? undefined : names, expanded };
}

function requireAttribute(tables: Tables, dataClass: DataClass, name: string): void {
  if (name === GLOBAL_STAMP && tables.tracked(dataClass.name)) return;
  if (!dataClass.attributes.some((attribute) => attribute.name === name)) throw noList(name, dataClass);
}

function relationOf(dataClass: DataClass, name: string): Parameters<Tables['table']>[0] {
  const attribute = dataClass.attributes.find((each) => each.name === name);
  if (attribute === undefined || isStorage(attribute)) throw noList(name, dataClass);
  return attribute.to;
}

function noList(name: string, dataClass: DataClass): RestError {
  return new RestError(500, ERR.attributeList, `Cannot build the list of attributes: "${name}" is none of "${dataClass.name}"`);
}
