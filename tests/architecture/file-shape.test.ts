import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files';

const DRAWERS = /(^|\/)(utils?|helpers?|misc|common|types|shared|lib)(\/|\.ts$)/;

describe('files of src', () => {
  it('hold at most 300 lines', () => {
    const long = sourceFiles().filter(({ text }) => text.trimEnd().split('\n').length > 300);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('are named after what is inside: no drawers, kebab-case', () => {
    const names = sourceFiles().map(({ path }) => path);
    expect(names.filter((path) => DRAWERS.test(path))).toEqual([]);
    expect(names.filter((path) => !/^[a-z0-9-]+(\/[a-z0-9.-]+)*\.ts$/.test(path))).toEqual([]);
  });

  it.each(['load/utils.ts', 'helpers/dates.ts', 'types.ts', 'domain/common.ts'])('would be refused as %s', (path) => {
    expect(path).toMatch(DRAWERS);
  });
});

describe('files of tests', () => {
  const tests = join(__dirname, '..');

  it('all run: each folder with tests has its place under tests/, and each test ends in .test.ts', () => {
    expect(existsSync(join(tests, 'support', 'database.ts'))).toBe(true);
    const loose = readdirSync(tests, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(loose.map((entry) => entry.name)).toEqual([]);
    const misnamed = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /[._-]spec\.ts$|(?<!\.)test\.ts$|\.tests\.ts$/.test(path),
    );
    expect(misnamed).toEqual([]);
  });
});
