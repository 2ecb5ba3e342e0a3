import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envelopeOf, projectFolder, type Ended, type ProjectFolder } from './freshet-process';

let project: ProjectFolder;
let home: string;
let ended: Ended;

beforeAll(async () => {
  // As root the embedded server runs as another user, whom a private folder would lock out.
  home = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'freshet-demo-'));
  chmodSync(home, 0o755);
  const toTemporal = { XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? '', TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] ?? '' };
  project = projectFolder({
    FRESHET_HOME: home,
    HOME: process.env['HOME'] ?? '',
    ...toTemporal,
    // The demo must not touch what these name.
    DATABASE_URL: 'postgresql://nobody:nothing@127.0.0.1:1/customers',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  ended = await project.freshet(['demo', '--json', '--invoices', '24']);
}, 300_000);

afterAll(() => {
  project.remove();
  rmSync(home, { recursive: true, force: true });
});

it('ends well, with one document on stdout and the transcript on stderr', () => {
  expect({ code: ended.code, stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({ code: 0, stderr: '' });
  expect(envelopeOf(ended)).toMatchObject({ ok: true, command: 'demo', exit_code: 0 });
  expect(ended.stderr).toContain('It allows 6000 calls a minute');
});

it('shows a first run that takes everything and a second one that takes only what was edited', () => {
  const { runs, edited } = envelopeOf(ended).data;
  expect(runs.map((run: { state: string }) => run.state)).toEqual(['completed', 'completed']);
  expect(runs[0].sandbox_requests.details).toBe(24);
  expect(runs[1].sandbox_requests.details).toBe(edited.length);
  const invoices = runs[1].entities.find(({ entity }: { entity: string }) => entity === 'invoices');
  expect(invoices).toMatchObject({
    read_kind: 'incremental',
    ledger_holds: true,
    ledger: { updated: edited.length, inserted: 0, live_after: 24 },
  });
});

it('says that all of it is verified, where the report is and where the servers were', () => {
  const { verification, report_path, addresses, sample } = envelopeOf(ended).data;
  expect(verification).toMatchObject({ verified: true, violations: [] });
  expect(existsSync(join(report_path, '_SYNC_SUMMARY.md'))).toBe(true);
  expect(addresses).toEqual({
    postgres: expect.stringMatching(/^127\.0\.0\.1:\d+\/freshet$/),
    temporal: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    temporal_ui: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(sample.rows).toHaveLength(3);
});

it('leaves nothing running', () => {
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  expect(processes.filter((line) => line.includes(home))).toEqual([]);
});
