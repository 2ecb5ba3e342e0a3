import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { FAULT_SITES } from '../../src/observability/fault-sites';

const src = resolve(__dirname, '../../src');

/** Sites a text passes: named calls, and the three that every transaction has under its own name: at each statement, before and after COMMIT. */
function sitesIn(text: string): string[] {
  const named = [...text.matchAll(/\bfault\(\s*'([^']+)'/g)].map((match) => match[1]!);
  const transactions = [...text.matchAll(/\b(?:transaction|fenced)\([^;{]*\{\s*site: '([^']+)'/g)].map((match) => match[1]!);
  const sessions = [...text.matchAll(/\bsession\([^;{]*\{\s*site: '([^']+)'/g)].map((match) => `${match[1]!}.statement`);
  return [...named, ...sessions, ...transactions.flatMap((site) => [`${site}.statement`, `${site}.before-commit`, `${site}.after-commit`])];
}

const inCode = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('observability') && !file.startsWith('config'))
  .flatMap((file) => sitesIn(readFileSync(join(src, file), 'utf8')));

test('the list of fault sites is what the code passes, in alphabetical order, each once', () => {
  expect([...FAULT_SITES]).toEqual([...new Set(inCode)].sort());
});

test('there are at least thirty of them', () => {
  expect(FAULT_SITES.length).toBeGreaterThanOrEqual(30);
});

test('both ways to pass a site are seen', () => {
  expect(sitesIn("await ctx.fault('a.b'); fenced(db, fence, { site: 'x.y', ctx }, async")).toEqual([
    'a.b',
    'x.y.statement',
    'x.y.before-commit',
    'x.y.after-commit',
  ]);
});
