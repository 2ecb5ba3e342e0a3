import { posix } from 'node:path';
import ts from 'typescript';

/** One import statement of a file: where it leads (a path below src/ without ending, or undefined for a package) and whether only types are taken. */
export interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly target: string | undefined;
  readonly typeOnly: boolean;
}

/** The floors of the house, top down (design §3). A file may import from lower floors, and from its own folder. */
export const FLOORS: readonly (readonly string[])[] = [
  ['index', 'client', 'api', 'worker', 'monitor', 'stack'],
  ['workflows'],
  ['activities'],
  ['run'],
  ['extract', 'load', 'publish', 'verify', 'compare', 'push', 'report', 'notify'],
  ['sources', 'targets'],
  ['landing', 'database', 'http', 'json'],
  ['config', 'observability'],
  ['domain'],
];

/** Neighbours on these floors may use each other: entry points compose one another, plumbing and settings are one kind of thing. */
const OPEN_FLOORS = new Set(['client', 'landing', 'config'].map((folder) => floorOf(folder)));

/** All imports of a file, `import()` and `require()` included. `file` is its path below src/ (`load/merge.ts`). */
export function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: string, typeOnly: boolean): void => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier).replace(/\.ts$/, '') : undefined;
    found.push({ line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, specifier, target, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    const statement = specifierOf(node);
    if (statement !== undefined) add(node, statement.specifier, statement.typeOnly);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const { importClause } = node;
    const named = importClause?.namedBindings;
    const onlyTypeNames =
      importClause?.name === undefined &&
      named !== undefined &&
      ts.isNamedImports(named) &&
      named.elements.every((element) => element.isTypeOnly);
    return { specifier: node.moduleSpecifier.text, typeOnly: importClause?.isTypeOnly === true || onlyTypeNames };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true };
  }
  return dynamicSpecifierOf(node);
}

function dynamicSpecifierOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  const [argument] = node.arguments;
  if (node.expression.kind !== ts.SyntaxKind.ImportKeyword && !isRequire) return undefined;
  return argument !== undefined && ts.isStringLiteral(argument) ? { specifier: argument.text, typeOnly: false } : undefined;
}

/** What is wrong with the imports of one file: one sentence each, with file and line. `sources` are the folders of the concrete sources. */
export function wrongImports(file: string, text: string, sources: ReadonlySet<string>): string[] {
  return importsOf(file, text).flatMap((statement) => {
    const { target, typeOnly } = statement;
    const why =
      target === undefined ? wrongPackage(file, statement) : (namedSource(file, target, sources) ?? wrongDirection(file, target, typeOnly));
    return why === undefined ? [] : [`src/${file}:${statement.line} imports ${statement.specifier}: ${why}`];
  });
}

function wrongPackage(file: string, { specifier, typeOnly }: Import): string | undefined {
  const from = folderOf(file);
  if (from === 'domain') return 'domain imports nothing';
  if (from === 'workflows' && !typeOnly && !['@temporalio/workflow', '@temporalio/common'].includes(specifier)) {
    return 'a workflow imports only domain and @temporalio/workflow';
  }
  return undefined;
}

function wrongDirection(file: string, target: string, typeOnly: boolean): string | undefined {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (from === to) return undefined;
  if (from === 'sandbox') return target === 'domain/ids' ? undefined : 'the sandbox shares nothing with freshet but domain/ids';
  if (to === 'sandbox') return floorOf(from) === 0 ? undefined : 'only entry points start the sandbox';
  if (from === 'workflows' && to !== 'domain') {
    return to === 'activities' && typeOnly ? undefined : 'a workflow imports domain, and activities as types only';
  }
  return wrongFloor(from, to);
}

function wrongFloor(from: string, to: string): string | undefined {
  const [upper, lower] = [floorOf(from), floorOf(to)];
  if (upper === undefined) return `the folder ${from} has no place in the house (tests/architecture/house.ts, design §3)`;
  if (lower === undefined) return `the folder ${to} has no place in the house (tests/architecture/house.ts, design §3)`;
  if (lower > upper || (lower === upper && OPEN_FLOORS.has(lower))) return undefined;
  return lower === upper ? `${from} and ${to} stand side by side and do not know each other` : `${to} is above ${from}`;
}

/** `load/merge.ts` → `load`; a file directly in src/ is a floor of its own: `worker.ts` → `worker`. */
function folderOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function floorOf(folder: string): number | undefined {
  const floor = FLOORS.findIndex((folders) => folders.includes(folder));
  return floor === -1 ? undefined : floor;
}

/** A concrete source is known to itself and to the index; `sources/source`, the contract, is no concrete source. */
function namedSource(file: string, target: string, sources: ReadonlySet<string>): string | undefined {
  const [top, source] = target.split('/');
  if (top !== 'sources' || source === undefined || !sources.has(source)) return undefined;
  return file === 'sources/index.ts' || file.startsWith(`sources/${source}/`) ? undefined : 'only sources/index.ts names a source';
}
