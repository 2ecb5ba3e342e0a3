import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NextAction } from '../../src/domain/errors';
import { until } from '../temporal/bench';
import { envelopeOf, projectFolder, type Ended, type ProjectFolder } from './freshet-process';

const left: (() => void)[] = [];
afterAll(() => left.forEach((remove) => remove()));

interface Place {
  readonly project: ProjectFolder;
  readonly home: string;
}

function newPlace(): Place {
  // As root the embedded server runs as another user, whom a private folder would lock out.
  const home = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-demo-'));
  chmodSync(home, 0o755);
  const toTemporal = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? '', TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] ?? '' };
  const project = projectFolder({
    FRESHET_HOME: home,
    HOME: process.env['HOME'] ?? '',
    ...toTemporal,
    // The demo must not touch what these name.
    DATABASE_URL: 'postgresql://nobody:nothing@127.0.0.1:1/customers',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  left.push(project.remove, () => rmSync(home, { recursive: true, force: true }));
  return { project, home };
}

function startedIn({ project }: Place, words: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [project.main, ...words], {
    cwd: project.path,
    env: { ...project.variables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  left.push(() => child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  return { child, said };
}

async function interrupted(child: ChildProcess): Promise<number | null> {
  const gone = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGINT');
  return (await gone)[0];
}

function stillRunning({ home }: Place): string[] {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return processes.filter((line) => line.includes(home));
}

describe('the demo', () => {
  let place: Place;
  let ended: Ended;
  beforeAll(async () => {
    place = newPlace();
    ended = await place.project.freshet(['demo', '--json', '--invoices', '24']);
  }, 300_000);

  it('ends well, with one document on stdout and the transcript on stderr', () => {
    expect({ code: ended.code, stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({ code: 0, stderr: '' });
    expect(envelopeOf(ended)).toMatchObject({ ok: true, command: 'demo', exit_code: 0 });
    expect(ended.stderr).toContain('6000 calls a minute');
  });

  it('runs every pipeline twice: first everything, then of the invoices only what was edited', () => {
    const { runs, sandbox_requests, edited } = envelopeOf(ended).data;
    expect(runs.map(({ round, pipeline, state }: Record<string, unknown>) => [round, pipeline, state])).toEqual(
      [1, 2].flatMap((round) => ['zoho-books', 'square', 'pyerp-products'].map((pipeline) => [round, pipeline, 'completed'])),
    );
    expect(sandbox_requests.map(({ details }: { details: number }) => details)).toEqual([24, edited.length]);
    const invoices = runs[3].entities.find(({ entity }: { entity: string }) => entity === 'invoices');
    expect(invoices).toMatchObject({
      read_kind: 'incremental',
      ledger_holds: true,
      ledger: { updated: edited.length, inserted: 0, live_after: 24 },
    });
    const fetched = runs.slice(0, 3).map(({ entities }: { entities: { ledger: { inserted: number } }[] }) => entities[0]!.ledger.inserted);
    expect(fetched.every((count: number) => count > 0)).toBe(true);
  });

  it('makes a conflict of a price that both sides changed, shows it as a person sees it, and decides it', () => {
    const { runs, price } = envelopeOf(ended).data;
    const { sku, by_person, by_source, conflict, settled } = price;
    const variants = runs[5].entities.find(({ entity }: { entity: string }) => entity === 'variants');
    expect(variants.published).toMatchObject({ conflict: 1, updated: 0 });
    expect(conflict).toMatchObject({
      table: 'public.variant_products',
      unique_value: sku,
      field: 'price',
      base_value: price.price,
      source_value: by_source,
      target_value: by_person,
      strategy: 'manual',
      state: 'open',
    });
    expect(settled).toMatchObject({ id: conflict.id, state: 'resolved', decision: 'source' });
    expect(price.price_after).toBe(by_source);
    const story = ended.stderr.slice(ended.stderr.indexOf('Second run'));
    const typed = [...story.matchAll(/^\$ \.\/freshet (.*)$/gm)].map(([, words]) => words);
    const decided = [`conflicts show ${conflict.id}`, `conflicts resolve ${conflict.id} --take source`, `conflicts show ${conflict.id}`];
    expect(typed).toEqual(['run zoho-books square pyerp-products', 'conflicts list', ...decided, 'verify --deep']);
    expect(story).toMatch(new RegExp(`${sku}\\s+price\\s+${price.price}\\s+${by_source}\\s+${by_person}\\s+open`));
    expect(story).toContain('1 conflict decided: source. The rows show it now.');
  });

  it('says that all of it is verified, where the reports are and where the servers were', () => {
    const { verification, runs, addresses, sample } = envelopeOf(ended).data;
    expect(verification).toMatchObject({ verified: true, violations: [] });
    for (const { report_path } of runs) expect(existsSync(join(report_path, '_SYNC_SUMMARY.md'))).toBe(true);
    expect(addresses).toEqual({
      postgres: expect.stringMatching(/^127\.0\.0\.1:\d+\/freshet$/),
      temporal: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      temporal_ui: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(sample.rows).toHaveLength(3);
  });

  it('leaves nothing running', () => {
    expect(stillRunning(place)).toEqual([]);
  });

  it('leaves its tables, and the commands that it names show them', async () => {
    const { next, runs, price } = envelopeOf(ended).data as { next: NextAction[]; runs: { id: string }[]; price: { sku: string } };
    const lines = next.flatMap((action) => (action.kind === 'run-command' ? [action.command] : []));
    const [again, up, ...looks] = lines.map((line) => {
      const words = line.split(' ');
      const at = words.indexOf('./freshet');
      return { variables: Object.fromEntries(words.slice(0, at).map((word) => word.split('='))), words: words.slice(at + 1) };
    });
    expect([again!.words, up!.words]).toEqual([['demo', '--keep'], ['up']]);
    const servers = startedIn(place, up!.words, up!.variables);
    await until(() => servers.said.stdout.includes('Ready.') || servers.child.exitCode !== null, 60_000);
    const shown = await Promise.all(looks.map(({ variables, words }) => place.project.freshet([...words, '--json'], variables)));
    expect(shown.map((each) => ({ ...envelopeOf(each), data: undefined }))).toEqual(
      ['status', 'show', 'conflicts list'].map((command) => ({ ok: true, command, exit_code: 0 })),
    );
    expect(envelopeOf(shown[1]!).data.id).toBe(runs[5]!.id);
    expect(envelopeOf(shown[2]!).data.conflicts).toMatchObject([{ unique_value: price.sku, state: 'resolved' }]);
    const settled = await place.project.freshet(looks[2]!.words, looks[2]!.variables);
    expect(settled.stdout).toContain('source, by ');
    expect(settled.stdout).not.toContain('Decide one');
    expect(await interrupted(servers.child)).toBe(130);
  }, 120_000);
});

describe('a demo that does not come to its end', () => {
  const PRODUCTS = ['config', 'pipelines', 'pyerp-products.yaml'];
  const changed = ({ project }: Place, from: string, to: string): void => {
    const file = join(project.path, ...PRODUCTS);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
  };

  it('stops with an error and starts nothing where the pipeline file asks nobody about the price', async () => {
    const place = newPlace();
    changed(place, 'price: manual', 'price: newest_wins');
    const refused = await place.project.freshet(['demo', '--json']);
    expect(envelopeOf(refused)).toMatchObject({ exit_code: 2, error: { code: 'demo-pipeline', where: PRODUCTS.join('/') } });
    expect(existsSync(join(place.home, 'demo'))).toBe(false);
  });

  it('says what went wrong in a run, ends with 1, and leaves nothing running', async () => {
    const place = newPlace();
    changed(place, 'from: Artikel_Familie', 'from: Artikel_Familie\n    reject_budget: { count: 0 }');
    changed(place, 'rule: sku_format, error_message: Invalid SKU format', 'rule: enum, values: [none], error_message: No such SKU');
    const failed = await place.project.freshet(['demo', '--invoices', '1']);
    expect({ code: failed.code, stderr: failed.stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('error run-partial: ') });
    expect(failed.stderr).toContain('reject budget');
    expect(failed.stdout).toMatch(/parents +\d+ +held/);
    expect(failed.stderr).not.toContain('Second run');
    expect(stillRunning(place)).toEqual([]);
  }, 120_000);

  it('is ended by Ctrl-C in the middle of its runs, with 130, and leaves nothing running', async () => {
    const place = newPlace();
    const { child, said } = startedIn(place, ['demo']);
    await until(() => said.stderr.includes('$ ./freshet run') || child.exitCode !== null, 60_000);
    expect({ code: await interrupted(child), stdout: said.stdout }).toEqual({ code: 130, stdout: '' });
    expect(stillRunning(place)).toEqual([]);
  }, 120_000);
});
