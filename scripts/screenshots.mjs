// node scripts/screenshots.mjs: starts everything with the sandbox in a folder of its own, runs and schedules a pipeline, and takes the pictures of
// Temporal's Web UI that stand in docs/screenshots. Needs a built checkout and Chromium (CHROMIUM, default /usr/bin/chromium).
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from './screenshot-browser.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MAIN = join(ROOT, 'dist', 'client', 'main.js');
const FOLDER = join(ROOT, 'docs', 'screenshots');
const PIPELINE = 'zoho-books';
/** Slow enough that a run can be looked at while it goes on: 300 invoices, each with a call of its own, take two minutes. */
const CALLS_PER_MINUTE = 150;

/** The shipped settings in a folder of their own, with a schedule and a slow source. */
function projectFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-screenshots-'));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  cpSync(join(ROOT, 'config'), join(folder, 'config'), { recursive: true });
  const pipeline = join(folder, 'config', 'pipelines', `${PIPELINE}.yaml`);
  writeFileSync(pipeline, `${readFileSync(pipeline, 'utf8')}schedule: { frequency: daily, time: "02:00", timezone: Europe/Berlin }\n`);
  const sources = join(folder, 'config', 'sources.yaml');
  const text = readFileSync(sources, 'utf8');
  const slow = text.replace(/requests_per_minute: \{ env: ZOHO_BOOKS_TEST_.*/, `requests_per_minute: ${CALLS_PER_MINUTE}`);
  if (slow === text) throw new Error('config/sources.yaml names no requests_per_minute of the test environment any more');
  writeFileSync(sources, slow);
  return folder;
}

class Stack {
  constructor(folder) {
    this.folder = folder;
    const state = {
      FRESHET_HOME: join(folder, 'state'),
      FRESHET_LANDING_PATH: join(folder, 'landing'),
      FRESHET_REPORTS_PATH: join(folder, 'reports'),
    };
    this.env = { PATH: process.env.PATH, HOME: process.env.HOME, ...state };
  }

  /** Resolves with the address of the Web UI once all of it is ready. */
  async up() {
    this.child = spawn(process.execPath, [MAIN, 'up', '--sandbox', '--json'], {
      cwd: this.folder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const part of this.child.stdout.setEncoding('utf8')) {
      said += part;
      if (said.includes('\n')) return JSON.parse(said).data.addresses.temporal_ui;
    }
    throw new Error('freshet up ended early');
  }

  freshet(...words) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words, '--json'], {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`freshet ${words.join(' ')} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout).data;
  }

  /** The same, in the background. */
  begin(...words) {
    const child = spawn(process.execPath, [MAIN, ...words], { cwd: this.folder, env: this.env, stdio: 'ignore' });
    return new Promise((done) => child.once('exit', done));
  }

  activeRun() {
    return this.freshet('status').pipelines.find(({ pipeline }) => pipeline === PIPELINE)?.active?.id;
  }

  async down() {
    if (this.child === undefined || this.child.exitCode !== null) return;
    const over = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await over;
  }
}

const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));

async function until(what, ask) {
  for (let round = 0; round < 240; round++) {
    const answer = await ask();
    if (answer) return answer;
    await seconds(0.5);
  }
  throw new Error(`waited in vain for ${what}`);
}

async function take(stack, browser, ui) {
  const workflow = (id) => `${ui}/namespaces/default/workflows/${encodeURIComponent(id)}`;
  await browser.open(ui);
  const columns = ['Status', 'Workflow ID', 'FreshetPipeline', 'FreshetEntity', 'FreshetKind', 'FreshetStatus'].map((label) => ({ label }));
  await browser.remember('namespace-workflow-table-columns', { default: columns });
  const shot = async (name, url, options = {}) => {
    await browser.open(url, options);
    const bytes = await browser.shoot(join(FOLDER, `${name}.png`));
    console.log(`docs/screenshots/${name}.png  ${Math.round(bytes / 1024)} kB`);
  };
  const first = stack.begin('run', PIPELINE);
  const run = await until('the run to begin', () => stack.activeRun());
  const id = `sync/${PIPELINE}/${run}`;
  await seconds(6);
  await shot('run-running', workflow(id), { click: ['User Metadata'], text: 'Current Details' });
  await shot('entity-running', workflow(`${id}/invoices`), { click: ['User Metadata'], text: 'Current Details' });
  if ((await first) !== 0) throw new Error('the run did not complete');
  stack.freshet('schedule', 'apply');
  stack.freshet('schedule', 'trigger', PIPELINE);
  await until('the scheduled run', () => stack.freshet('history').runs.length > 1 && stack.activeRun() === undefined);
  await shot('run-completed', workflow(id), { text: 'Completed' });
  await shot('entity-ended', workflow(`${id}/invoices`), { click: ['User Metadata'], text: 'Current Details' });
  await shot('workflows', `${ui}/namespaces/default/workflows`, { click: ['Saved Views'], text: 'schedule/' });
  await shot('schedule', `${ui}/namespaces/default/schedules/${encodeURIComponent(`schedule/${PIPELINE}`)}`, { text: 'Europe/Berlin' });
}

const folder = projectFolder();
const stack = new Stack(folder);
const browser = new Browser();
try {
  mkdirSync(FOLDER, { recursive: true });
  const ui = await stack.up();
  await browser.start();
  await take(stack, browser, ui);
} finally {
  await browser.close();
  await stack.down();
  rmSync(folder, { recursive: true, force: true });
}
