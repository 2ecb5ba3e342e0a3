import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { catalogue, componentOf, COMPONENTS, entryOf, type LogId } from '../../src/observability/catalogue';

const src = resolve(__dirname, '../../src');
const sections = join(src, 'observability', 'catalogue');

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** Comments may speak of anything; only code counts. */
function code(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

const outside = files(src).filter((path) => !path.startsWith(join(src, 'observability')));
const ids = Object.keys(catalogue) as LogId[];

/** Ids used in a text, whether called directly (`log('EX-001'`) or chosen by an expression; any quoted id counts as a use. */
const used = (text: string): string[] => [...text.matchAll(/'([A-Z]{2}-\d{3})'/g)].map((match) => match[1]!);

/** What must not stand outside observability: another way to log. */
function directLogging(text: string): string[] {
  return [...text.matchAll(/\bconsole\.\w+|from 'pino'|require\('pino'\)/g)].map((match) => match[0]);
}

test('every id stands once, in the file of its component, as two letters and three digits', () => {
  const defined = readdirSync(sections).flatMap((file) =>
    [...code(join(sections, file)).matchAll(/^\s*'([^']+)':/gm)].map((match) => ({ file, id: match[1]! })),
  );
  expect(defined.map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const { file, id } of defined) {
    expect(id).toMatch(/^[A-Z]{2}-\d{3}$/);
    expect(file).toBe(`${COMPONENTS[id.slice(0, 2) as keyof typeof COMPONENTS]}.ts`);
  }
});

test('every id that the code logs is in the catalogue', () => {
  const unknown = outside.flatMap((path) =>
    used(code(path))
      .filter((id) => !Object.hasOwn(catalogue, id))
      .map((id) => `${relative(src, path)}: ${id}`),
  );
  expect(unknown).toEqual([]);
});

test('every id of the catalogue is logged somewhere', () => {
  const all = new Set(outside.flatMap((path) => used(code(path))));
  expect(ids.filter((id) => !all.has(id))).toEqual([]);
});

test('every entry has a level and a text, every warning and error a meaning and a remedy', () => {
  for (const id of ids) {
    const { level, text, meaning, remedy } = entryOf(id);
    expect(componentOf(id)).toBeDefined();
    expect(text.trim()).not.toBe('');
    if (level === 'warn' || level === 'error') {
      expect({ id, meaning: (meaning ?? '').length > 10, remedy: (remedy ?? '').length > 5 }).toEqual({ id, meaning: true, remedy: true });
    }
  }
});

test('nobody logs past the catalogue: no console and no pino outside observability', () => {
  expect(outside.flatMap((path) => directLogging(code(path)).map((what) => `${relative(src, path)}: ${what}`))).toEqual([]);
});

test('these checks see what they look for', () => {
  expect(used("log('ZZ-999', {}); this.log.child({}) ('EX-1')")).toEqual(['ZZ-999']);
  expect(directLogging("console.error('x'); import pino from 'pino';")).toEqual(['console.error', "from 'pino'"]);
});
