import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

/** A command that an error of src/ tells somebody to type. `…` in its code or its words stands for what only the running program knows. */
export interface ToldCommand {
  readonly code: string;
  readonly command: string;
  readonly file: string;
}

const SRC = resolve(__dirname, '../../../src');
const COMMANDS = [
  /`(\.\/freshet [^`]+)`/g,
  /^(\.\/freshet .+)$/g,
  /\b(npm ci)\b/g,
  /\b(kill -INT [^\s)]+)/g,
  /^(useradd .+)$/g,
  /\b(go install [^\s)]+)/g,
  /\b(drop schema "[^"]+"(?: cascade)?)/gi,
];
const OPTION = /(?<=^|[\s(`])(--?[a-z][a-z-]*(?: [a-z]+,[a-z]+)?)(?=[\s,.;:)`]|$)/g;

/** The commands in a remedy's text or a next action; an option that is to be added to the command given counts as one. */
export function commandsIn(text: string): string[] {
  const found = COMMANDS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, command]) => command!.trim()));
  const rest = COMMANDS.reduce((left, pattern) => left.replaceAll(pattern, ' '), text);
  return [...new Set([...found, ...[...rest.matchAll(OPTION)].map(([, option]) => option!)])];
}

/** Whether words are what the sources tell; `…` fits anything. */
export function fits(told: string, words: string): boolean {
  const pattern = told.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(words);
}

/** Every command of every error that src/ makes. */
export function toldCommands(): ToldCommand[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('sandbox'),
  );
  const all = files.flatMap((file) => commandsOfFile(file, readFileSync(join(SRC, file), 'utf8')));
  return [...new Map(all.map((told) => [JSON.stringify(told), told])).values()];
}

/** The same for the text of one file. */
export function commandsOfFile(file: string, text: string): ToldCommand[] {
  if (!text.includes('remedy')) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const told: ToldCommand[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) told.push(...commandsOfError(node, file));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return told;
}

function commandsOfError(object: ts.ObjectLiteralExpression, file: string): ToldCommand[] {
  const [code, remedy, next] = ['code', 'remedy', 'next'].map((name) => propertyOf(object, name));
  if (code === undefined || remedy === undefined) return [];
  return branches(code, remedy).flatMap(([codes, remedies]) => {
    const commands = [...textsBelow(remedies), ...(next === undefined ? [] : textsBelow(next))].flatMap(commandsIn);
    return textsBelow(codes, true).flatMap((text) => commands.map((command) => ({ code: text, command, file })));
  });
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = object.properties.find((each) => each.name?.getText() === name);
  if (property === undefined) return undefined;
  if (ts.isShorthandPropertyAssignment(property)) return property.name;
  return ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

/** Code and remedy that hang on the same condition belong together by branch. */
function branches(code: ts.Expression, remedy: ts.Expression): (readonly [ts.Expression, ts.Expression])[] {
  if (!ts.isConditionalExpression(code) || !ts.isConditionalExpression(remedy)) return [[code, remedy]];
  if (code.condition.getText() !== remedy.condition.getText()) return [[code, remedy]];
  return [
    [code.whenTrue, remedy.whenTrue],
    [code.whenFalse, remedy.whenFalse],
  ];
}

/** The texts that an expression may come to, as far as this file tells: through its names, and the arguments of a function's callers. */
function textsBelow(node: ts.Node, whole = false, seen: ReadonlySet<ts.Node> = new Set()): string[] {
  if (seen.has(node)) return [];
  const now = new Set([...seen, node]);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node)) return templateTexts(node, whole, now);
  if (ts.isIdentifier(node)) {
    const meant = meaningsOf(node);
    return meant.length === 0 && whole ? ['…'] : meant.flatMap((each) => textsBelow(each, whole, now));
  }
  if (ts.isPropertyAccessExpression(node)) return whole ? ['…'] : textsBelow(node.expression, whole, now);
  if (ts.isPropertyAssignment(node)) return node.name.getText() === 'label' ? [] : textsBelow(node.initializer, whole, now);
  if (whole && ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap((each) => textsBelow(each, true, now));
  const texts: string[] = [];
  ts.forEachChild(node, (child) => void texts.push(...textsBelow(child, whole, now)));
  return texts;
}

/** A code is told whole where its file knows the parts; in a sentence, what is filled in is `…`. */
function templateTexts({ head, templateSpans }: ts.TemplateExpression, whole: boolean, seen: ReadonlySet<ts.Node>): string[] {
  return templateSpans.reduce<string[]>(
    (texts, { expression, literal }) => {
      const parts = whole ? textsBelow(expression, true, seen) : ['…'];
      return texts.flatMap((text) => parts.map((part) => `${text}${part}${literal.text}`));
    },
    [head.text],
  );
}

/** What the names of a file stand for, and who calls its functions. */
interface Names {
  readonly meanings: ReadonlyMap<string, readonly ts.Node[]>;
  readonly calls: ReadonlyMap<string, readonly ts.CallExpression[]>;
}

const namesOfFiles = new WeakMap<ts.SourceFile, Names>();

function namesOf(source: ts.SourceFile): Names {
  const known = namesOfFiles.get(source);
  if (known !== undefined) return known;
  const meanings = new Map<string, ts.Node[]>();
  const calls = new Map<string, ts.CallExpression[]>();
  const add = <T>(map: Map<string, T[]>, name: string, node: T): void => void map.set(name, [...(map.get(name) ?? []), node]);
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer) add(meanings, node.name.getText(), node.initializer);
    if (ts.isFunctionDeclaration(node) && node.name && node.body) add(meanings, node.name.text, node.body);
    if (ts.isParameter(node)) add(meanings, node.name.getText(), node);
    if (ts.isCallExpression(node)) add(calls, node.expression.getText(), node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const names = { meanings, calls };
  namesOfFiles.set(source, names);
  return names;
}

/** A parameter stands for what its function is called with. */
function meaningsOf(name: ts.Identifier): ts.Node[] {
  const { meanings, calls } = namesOf(name.getSourceFile());
  return (meanings.get(name.text) ?? []).flatMap((node) => {
    if (!ts.isParameter(node)) return [node];
    const owner = node.parent;
    if (!ts.isFunctionDeclaration(owner) || owner.pos > name.pos || owner.end < name.end) return [];
    const given = (calls.get(owner.name?.text ?? '') ?? []).map((call) => call.arguments[owner.parameters.indexOf(node)]);
    return given.filter((argument) => argument !== undefined);
  });
}
