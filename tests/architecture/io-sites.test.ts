import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const src = resolve(__dirname, '../../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file: file.split('\\').join('/'), text: readFileSync(join(src, file), 'utf8') }));

/** Folders whose every boundary must be a fault site (design §2). */
const GUARDED = /^(extract|landing|load|compare|database|http|run)\//;

/** The few files through which files, PostgreSQL and HTTP are reached; everything else goes through them. */
const DOORS: Readonly<Record<string, RegExp>> = {
  'node:fs': /^(landing\/(file-store|file-draft|file-folders|file-error|input-folder)|compare\/sqlite-copy)\.ts$/,
  pg: /^(database\/(database|migrate|side-connection)|load\/(copy|first-load))\.ts$/,
  undici: /^http\/[^/]+\.ts$/,
};

function importsOf(text: string): string[] {
  return [...text.matchAll(/^import (?!type)[^;]* from '([^']+)'/gm)].map((match) =>
    (match[1] ?? '').replace(/^(node:fs)\/promises$/, '$1'),
  );
}

/** Class methods and functions of a text, by what stands between two of their heads. */
function bodies(text: string): { name: string; body: string }[] {
  const heads = [
    ...text.matchAll(
      /^(?: {2})?(?:export )?(?:async )?(?:function\*? |\*)?(?:private |static )?(?:async \*?)?(\w+)(?:<[^(]*>)?\([^;]*?\)[^;]*?\{$/gm,
    ),
  ];
  return heads.map((head, index) => ({ name: head[1] ?? '', body: text.slice(head.index, heads[index + 1]?.index ?? text.length) }));
}

describe('the boundaries of the stages', () => {
  it('are reached through doors only', () => {
    const around = files
      .filter(({ file }) => GUARDED.test(file))
      .flatMap(({ file, text }) =>
        importsOf(text).flatMap((name) => (DOORS[name] && !DOORS[name].test(file) ? [`${file} imports ${name}`] : [])),
      );
    expect(around).toEqual([]);
  });

  it('of files: every method of the landing store that touches the disk passes a site', () => {
    const store = files.flatMap(({ file, text }) => (/^landing\/file-(store|draft)\.ts$/.test(file) ? [text] : [])).join('\n');
    // Discarding a draft passes none: whatever happens there leaves a stray, as not discarding it does.
    const touching = bodies(store).filter(
      ({ name, body }) =>
        name !== 'discard' &&
        /^ {2}(?:private |static )?async/.test(body) &&
        /\b(rename|mkdir|rm|open|filesBelow|createReadStream|sync|datasync)\(/.test(body),
    );
    expect(touching.length).toBeGreaterThanOrEqual(7);
    expect(touching.filter(({ body }) => !/\bfault\('/.test(body)).map(({ name }) => name)).toEqual([]);
  });

  it('of PostgreSQL: every statement of a transaction and both sides of its COMMIT are sites', () => {
    const database = files.find(({ file }) => file === 'database/database.ts')?.text ?? '';
    for (const site of ['statement', 'before-commit', 'after-commit']) expect(database).toContain(`.${site}\``);
  });

  it('of HTTP: every exchange passes a site before and after', () => {
    const http = files
      .filter(({ file }) => file.startsWith('http/'))
      .map(({ text }) => text)
      .join('\n');
    for (const site of ['http.before-request', 'http.after-response']) expect(http).toContain(`fault('${site}')`);
  });

  it('would notice a stage that opens files or connections by itself', () => {
    expect(importsOf(`import { rename } from 'node:fs/promises';\nimport type { Pool } from 'pg';`)).toEqual(['node:fs']);
  });
});
