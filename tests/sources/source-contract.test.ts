import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { sources, sourceTypes } from '../../src/sources';
import type { Source } from '../../src/sources/source';
import { legacy4d, square } from './contract-fixtures';

const all: readonly Source[] = [...Object.values(sources), square, legacy4d];

describe('the source contract', () => {
  it('names every source by its own type', () => {
    expect(sourceTypes).toEqual(['legacy-4d', 'square', 'zoho-books']);
    expect(Object.entries(sources).every(([name, source]) => source.type === name)).toBe(true);
  });

  it.each(all.flatMap((source) => Object.entries(source.entities).map(([name, entity]) => [source.type, name, entity] as const)))(
    'holds for %s %s',
    (type, name, entity) => {
      const { entities } = all.find((source) => source.type === type) ?? square;
      expect(entity.key.length).toBeGreaterThan(0);
      expect(entity.dependsOn).not.toContain(name);
      if (type === 'zoho-books') expect(entity.dependsOn.every((upstream) => upstream in entities)).toBe(true);
      if (entity.incremental) expect(entity.cursor).not.toBeNull();
      if (entity.cursor?.kind === 'integer') expect(entity.cursor.precision).toBe('integer');
      for (const field of entity.key) expect(Object.keys(entity.columns)).toContain(field);
      for (const field of [...entity.key, entity.cursor?.field]) expect(type === 'legacy-4d' ? [] : entity.volatile).not.toContain(field);
      if (entity.lineItems === null) expect(entity.lineItemColumns).toEqual({});
    },
  );

  it('is checked by the compiler: literals that lack a property do not compile', () => {
    const root = join(__dirname, '..', '..');
    const file = join(__dirname, 'contract-fixtures.ts');
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as { config: object };
    const { options } = ts.parseJsonConfigFileContent({ ...config, files: [file], include: [] }, ts.sys, root);
    const program = ts.createProgram([file], { ...options, incremental: false, noEmit: true });
    const messages = ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map((each) => ts.flattenDiagnosticMessageText(each.messageText, '\n'));
    expect(messages).toEqual([]);
    expect(readFileSync(file, 'utf8').match(/@ts-expect-error/g)).toHaveLength(5);
  });
});

describe('the facts of Zoho Books', () => {
  const { contacts, items, invoices } = sources['zoho-books'].entities;
  const facts = JSON.parse(readFileSync(join(__dirname, 'zoho-fields.json'), 'utf8')) as Record<
    string,
    { list: string[]; detail: string[]; lines: string[] }
  >;

  it.each([
    ['contacts', contacts],
    ['items', items],
    ['invoices', invoices],
  ])('%s: ids are text, times carry a zone, days are dates', (_, entity) => {
    for (const [field, type] of Object.entries({ ...entity.columns, ...entity.lineItemColumns })) {
      if (/_id$/.test(field)) expect([field, type]).toEqual([field, 'text']);
      if (/_time$/.test(field)) expect([field, type]).toEqual([field, 'timestamptz']);
      if (/(^|_)date$/.test(field)) expect([field, type]).toEqual([field, 'date']);
      if (/^(is|has|can)_/.test(field)) expect([field, type]).toEqual([field, 'boolean']);
      if (/(total|balance|rate|_amount|quantity|_percentage)$/.test(field)) expect([field, type]).toEqual([field, 'numeric']);
    }
  });

  it('declares only fields that the documents or the wire know', () => {
    const known = (name: string, part: 'list' | 'detail' | 'lines'): Set<string> => new Set(facts[name]?.[part]);
    for (const [name, entity] of Object.entries({ contacts, items })) {
      expect(Object.keys(entity.columns).filter((field) => !known(name, 'list').has(field))).toEqual([]);
    }
    const both = new Set([...known('invoices', 'list'), ...known('invoices', 'detail')]);
    expect(Object.keys(invoices.columns).filter((field) => !both.has(field))).toEqual([]);
    expect(Object.keys(invoices.lineItemColumns).filter((field) => !known('invoices', 'lines').has(field))).toEqual([]);
  });
});
