// Finds the error codes in the sources: where they are made, with their class, message, reason, remedy and commands, as far as these are written out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesBelow } from './digest.mjs';

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Objects with a `code` that are no errors of freshet: issues of the schemas, facts of the stand-ins. */
const NO_CODES = new Set(['custom', 'text', 'database', 'temporal']);

/** Every code with its places: `Map<code, { file, type, message, why, remedies, commands }[]>`. */
export function errorCodes(root) {
  const found = new Map();
  for (const file of filesBelow(root, 'src').filter((name) => name.endsWith('.ts') && !name.startsWith('src/sandbox/'))) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022, true);
    const file_ = fileFacts(source);
    const visit = (node) => {
      for (const { code, ...place } of placesAt(node, file_)) {
        if (!KEBAB.test(code) || NO_CODES.has(code)) continue;
        found.set(code, [...(found.get(code) ?? []), { file: file.slice('src/'.length), ...place }]);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Texts that have a name, and functions that take the code as a parameter. */
function fileFacts(source) {
  const texts = new Map();
  const makers = new Map();
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer && ts.isStringLiteralLike(node.initializer)) {
      texts.set(node.name.text, node.initializer.text);
    }
    if (ts.isFunctionDeclaration(node) && node.name && node.parameters.some(({ name }) => name.getText() === 'code')) {
      makers.set(node.name.text, node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { texts, makers };
}

function placesAt(node, facts) {
  if (ts.isObjectLiteralExpression(node)) return objectPlaces(node, facts, new Map());
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return [];
  const maker = facts.makers.get(node.expression.text);
  if (maker === undefined) return [];
  const given = new Map(maker.parameters.map(({ name }, index) => [name.getText(), node.arguments[index]]));
  const made = [];
  const visit = (inner) => {
    if (ts.isObjectLiteralExpression(inner)) made.push(...objectPlaces(inner, facts, given));
    ts.forEachChild(inner, visit);
  };
  visit(maker);
  return made;
}

function objectPlaces(object, facts, given) {
  const value = (name) => {
    const property = object.properties.find((item) => item.name?.getText() === name);
    if (property === undefined) return undefined;
    return ts.isPropertyAssignment(property)
      ? property.initializer
      : ts.isShorthandPropertyAssignment(property)
        ? property.name
        : undefined;
  };
  const [code, remedy] = [value('code'), value('remedy')];
  if (code === undefined || remedy === undefined) return [];
  const texts = (node) => (node === undefined ? [] : words(node, facts, given));
  const type =
    texts(value('type'))[0] ?? (object.parent && ts.isNewExpression(object.parent) ? texts(object.parent.arguments[0])[0] : undefined);
  const place = {
    type,
    messages: texts(value('message') ?? value('what')),
    whys: texts(value('why')),
    remedies: texts(remedy),
    commands: commandsIn(value('next')),
  };
  return texts(code).map((text) => ({ code: text, ...place }));
}

/** What an expression may say; `…` where only the running program knows. */
function words(node, facts, given) {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return words(node.expression, facts, given);
  if (ts.isConditionalExpression(node)) return [...words(node.whenTrue, facts, given), ...words(node.whenFalse, facts, given)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    return [...words(node.left, facts, given), ...words(node.right, facts, given)];
  }
  if (ts.isIdentifier(node)) {
    const argument = given.get(node.text);
    if (argument !== undefined) return words(argument, facts, new Map());
    return facts.texts.has(node.text) ? [facts.texts.get(node.text)] : [];
  }
  if (!ts.isTemplateExpression(node)) return [];
  const spans = node.templateSpans.map(({ expression, literal }) => `${words(expression, facts, given)[0] ?? '…'}${literal.text}`);
  return [`${node.head.text}${spans.join('')}`];
}

function commandsIn(next) {
  if (next === undefined) return [];
  const found = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'command') {
      const [text] = words(node.initializer, { texts: new Map(), makers: new Map() }, new Map());
      if (text !== undefined) found.push(text.replaceAll('…', '<run>'));
    }
    ts.forEachChild(node, visit);
  };
  visit(next);
  return found;
}
