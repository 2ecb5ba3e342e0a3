// Writes docs/errors/<code>.md for every error code of the sources that has no page yet, and the list of all. A page that is there is never
// touched: it may have been written by hand. With --check nothing is written; what is missing or left over is said, and the exit code is 1.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCodes } from './error-codes.mjs';
import { COMPOSED, NOTES } from './error-notes.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(ROOT, 'docs', 'errors');

const CLASSES = {
  transient_error: 'It may pass by itself: freshet tries again.',
  rate_limited: 'The service asks to slow down: freshet waits and goes on by itself.',
  quota_exhausted: 'The day’s calls are used up: freshet keeps what it has and continues when there are new ones.',
  auth_error: 'The service refuses the login: somebody has to renew or correct credentials.',
  config_error: 'Words, settings or surroundings have to be corrected by somebody.',
  source_error: 'The service answered something that is no data: freshet asks again; if it stays, it is for the service’s support.',
  file_error: 'A file or disk is in the way: freshet tries again where that can help.',
  validation_error: 'Records do not keep a rule: they are kept as rejects, with their reasons.',
  database_error: 'PostgreSQL refused or was away: freshet tries again where that can help.',
  schema_error: 'A table is not as freshet needs it: somebody has to decide.',
  reconcile_error: 'Figures do not add up: freshet stops rather than calling it good.',
  cancelled: 'Somebody ended it, or a newer attempt took over.',
};

const UNTOUCHED = 'Nothing was begun and nothing was changed.';
const STORED =
  'What was read before is stored. Rows and watermark of the entity are those of its last good read; the next run continues from there, and other entities go on.';
const WHOLE =
  'A batch is in your tables whole or not at all: this one is not, earlier ones are. The watermark did not move; the next run continues from there.';
const KEPT = 'What was committed stays, nothing is half. The next run continues from there.';

/** What became of the data, by the part of freshet that the error comes from. */
const DATA = {
  client: UNTOUCHED,
  compare: UNTOUCHED,
  config: UNTOUCHED,
  observability: UNTOUCHED,
  stack: 'Data in PostgreSQL and in the landing folder is kept. Runs that were going on continue once everything is up again.',
  sources: STORED,
  http: STORED,
  extract: STORED,
  landing: WHOLE,
  load: WHOLE,
  database: KEPT,
  run: KEPT,
  activities: KEPT,
  workflows: KEPT,
  domain: KEPT,
  report: UNTOUCHED,
};

/** Errors of these parts come before any run. */
const UNRUN = new Set(['client', 'compare', 'config', 'observability', 'stack']);

const unique = (items) => [...new Set(items.filter((item) => item !== undefined && item !== ''))];
/** Several unknowns in a row are one. */
const shown = (text) =>
  text
    .replaceAll('\n', ' ')
    .replace(/…(?:[.:,|/ ]{0,2}…)+/g, '…')
    .replace(/…:+ /g, '…: ');
const list = (items) => (items.length === 1 ? items[0] : items.map((item) => `- ${item}`).join('\n'));

function page(code, places) {
  const of = (name) => unique(places.flatMap((place) => place[name] ?? []));
  const area = places[0].file.split('/')[0];
  const type = unique(places.map((place) => place.type))[0];
  const commands = unique([...of('commands'), ...(UNRUN.has(area) ? [] : ['./freshet show <run>']), './freshet doctor']);
  const remedies = of('remedies');
  const sections = [
    `# ${code}`,
    list(of('messages').map((text) => `> ${shown(text)}`)),
    type === undefined ? '' : `Class \`${type}\`. ${CLASSES[type] ?? ''}`,
    of('whys').length === 0 ? '' : `## Why\n\n${list(of('whys'))}`,
    `## What to do\n\n${list(remedies.length > 0 ? remedies.map(shown) : ['The message says it; it depends on what was found.'])}${NOTES[code] === undefined ? '' : `\n\n${NOTES[code]}`}`,
    `## What became of your data\n\n${DATA[area] ?? KEPT}`,
    `## Look further\n\n${commands.map((command) => `- \`${command}\``).join('\n')}`,
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function index(codes) {
  const rows = [...codes].map(([code, places]) => {
    const [message = ''] = unique(places.flatMap((place) => place.messages ?? []));
    return `| [${code}](${code}.md) | ${message.split('\n')[0].replaceAll('|', '\\|')} |`;
  });
  return [
    '# Errors',
    '',
    'Every error names its code; here is what each means and what to do. `…` stands for names and values.',
    '',
    '| code | what happened |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const composed = Object.entries(COMPOSED).map(([code, place]) => [code, [place]]);
const codes = new Map([...errorCodes(ROOT), ...composed].sort(([a], [b]) => (a < b ? -1 : 1)));
const check = process.argv.includes('--check');
mkdirSync(FOLDER, { recursive: true });
const left = readdirSync(FOLDER).filter((name) => name !== 'README.md' && !codes.has(name.replace(/\.md$/, '')));
const missing = [...codes].filter(([code]) => !existsSync(join(FOLDER, `${code}.md`)));

if (check) {
  for (const [code, places] of missing)
    process.stderr.write(`docs/errors/${code}.md is missing (${places[0].file}): node scripts/error-pages.mjs\n`);
  for (const name of left) process.stderr.write(`docs/errors/${name} is of no error in src/\n`);
  if (missing.length + left.length > 0) process.exitCode = 1;
} else {
  for (const [code, places] of missing) writeFileSync(join(FOLDER, `${code}.md`), page(code, places));
  const text = index(codes);
  const file = join(FOLDER, 'README.md');
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  for (const name of left) process.stdout.write(`docs/errors/${name} is of no error in src/: remove it\n`);
  process.stdout.write(`${missing.length} pages written, ${codes.size} codes\n`);
}
