// Makes a checkout ready to run: packages, PostgreSQL's links, dist/, the workflow bundle, the schemas for editors. Uses nothing but Node, because before it there is nothing.
// When nothing changed it only compares digests, so that ./freshet can call it every time. Everything it says goes to stderr.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, filesBelow } from './digest.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LEAST_NODE = [20, 19];

const at = (...path) => join(ROOT, ...path);
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const say = (line) => process.stderr.write(`freshet: ${line}\n`);

const MARKS = {
  packages: at('node_modules', '.freshet-installed'),
  dist: at('dist', '.built-from'),
  bundle: at('dist', '.bundled-from'),
  schemas: at('.freshet', 'schema', '.made-from'),
};

/** What is not up to date, with the digest that its mark has to hold afterwards. Bundling follows workflows/ and domain/, which import nothing else. */
function outdated() {
  const packages = digestOf(ROOT, ['package-lock.json']);
  const sources = (folder) => filesBelow(ROOT, folder).filter((file) => /\.(ts|json)$/.test(file));
  const builtFrom = (files) => `${packages.slice(0, 16)}-${digestOf(ROOT, files)}`;
  const steps = { packages, dist: builtFrom(['scripts/bootstrap-steps.mjs', ...sources('src')]) };
  if (existsSync(at('src', 'workflows', 'index.ts'))) {
    steps.bundle = builtFrom(['scripts/build-workflow-bundle.cjs', ...sources('src/workflows'), ...sources('src/domain')]);
  }
  steps.schemas = builtFrom(['scripts/schemas.cjs', ...sources('src/config'), 'src/sources/index.ts']);
  return Object.fromEntries(Object.entries(steps).filter(([step, digest]) => read(MARKS[step]).trim() !== digest));
}

/** Brings everything up to date; throws an Error with a readable message. Two at once are safe: the second waits and finds nothing to do. */
export async function bootstrap() {
  requireNode();
  if (Object.keys(outdated()).length === 0) return;
  const { withLock } = await import('./bootstrap-lock.mjs');
  await withLock(at('.freshet', 'bootstrap.lock'), say, async () => {
    const { buildBundle, buildDist, installPackages, writeSchemas } = await import('./bootstrap-steps.mjs');
    const steps = { packages: installPackages, dist: buildDist, bundle: buildBundle, schemas: writeSchemas };
    for (const [name, step] of Object.entries(steps)) {
      const digest = outdated()[name];
      if (digest === undefined) continue;
      rmSync(MARKS[name], { force: true });
      await step({ root: ROOT, say });
      mkdirSync(dirname(MARKS[name]), { recursive: true });
      writeFileSync(MARKS[name], `${digest}\n`);
    }
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new Error(`Node ${process.versions.node} is too old: freshet needs ${LEAST_NODE.join('.')} or later (https://nodejs.org)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  bootstrap().catch((error) => {
    say(error.message);
    process.exitCode = 1;
  });
}
