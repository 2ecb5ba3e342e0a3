import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const scripts = join(__dirname, '..', '..', 'scripts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freshet-bootstrap-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The scripts are modules of plain Node: they are run by plain Node, in the test's folder. */
function program(script: string, body: string): string[] {
  return ['--input-type=module', '-e', `import * as script from ${JSON.stringify(pathToFileURL(join(scripts, script)).href)};\n${body}`];
}

function run(script: string, body: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, program(script, body), { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, { mode });
}

describe("PostgreSQL's package, installed without its install script", () => {
  it('gets its links and runnable programs, and a second time changes nothing', () => {
    write('linux-x64/native/lib/libicu.so.60.2', 'library');
    write('linux-x64/native/bin/postgres', 'program', 0o644);
    write('linux-x64/native/pg-symlinks.json', '[{"source":"native/lib/libicu.so.60.2","target":"native/lib/libicu.so.60"}]');
    for (let time = 0; time < 2; time++) run('bootstrap-steps.mjs', `script.hydratePostgres(process.cwd())`);
    expect(readlinkSync(join(folder, 'linux-x64/native/lib/libicu.so.60'))).toBe('libicu.so.60.2');
    expect(statSync(join(folder, 'linux-x64/native/bin/postgres')).mode & 0o111).toBe(0o111);
  });
});

describe('the digest of the sources', () => {
  const digest = (): string => run('digest.mjs', `console.log(script.digestOf(process.cwd(), script.filesBelow(process.cwd(), 'src')))`);

  it('changes with content, name and place, and not with time', () => {
    write('src/a.ts', '1');
    write('src/b/c.ts', '2');
    const seen = [digest()];
    write('src/a.ts', '1');
    expect(digest()).toBe(seen[0]);
    write('src/a.ts', '3');
    seen.push(digest());
    write('src/a.ts', '');
    write('src/a2.ts', '3');
    seen.push(digest());
    rmSync(join(folder, 'src/b'), { recursive: true });
    seen.push(digest());
    expect(new Set(seen).size).toBe(4);
  });
});

describe('two bootstraps at once', () => {
  const critical = `
    import { appendFileSync } from 'node:fs';
    for (let round = 0; round < 20; round++) {
      await script.withLock('made/lock', () => {}, async () => {
        appendFileSync('trace', 'in ');
        await new Promise((resolve) => setImmediate(resolve));
        appendFileSync('trace', 'out ');
      });
    }`;

  it('never work at the same time', async () => {
    const both = [1, 2].map(
      () =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, program('bootstrap-lock.mjs', critical), { cwd: folder, stdio: 'inherit' }).once('exit', resolve);
        }),
    );
    expect(await Promise.all(both)).toEqual([0, 0]);
    expect(readFileSync(join(folder, 'trace'), 'utf8')).toBe('in out '.repeat(40));
  });

  it('take over from one that was killed', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    write('made/lock', String(pid));
    run('bootstrap-lock.mjs', critical);
    expect(readFileSync(join(folder, 'trace'), 'utf8')).toBe('in out '.repeat(20));
  });
});
