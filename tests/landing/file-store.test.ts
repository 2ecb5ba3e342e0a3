import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { FileStore } from '../../src/landing/file-store';
import { sessionName } from '../../src/landing/session';
import { createFaults } from '../../src/observability/faults';
import { traceFiles, type FileTrace, type TraceOptions } from './file-trace';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'freshet-landing-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const store = (spec?: string): FileStore => new FileStore(root, createFaults(spec, { environment: 'test' }).fault);
const KEY = 'sync_sessions/s/raw_json/t/invoices.json';

async function text(from: FileStore, key: string, range?: { offset: number; length: number }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of from.read(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('the landing store', () => {
  it('gives back what was written, with its size and checksum, whatever the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 6 }), async (chunks) => {
        const bytes = Buffer.concat(chunks);
        const stored = await store().write(KEY, chunks);
        expect(stored).toEqual({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
        expect(readFileSync(join(root, KEY)).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('reads a range, and nothing for an empty one', async () => {
    await store().write(KEY, [Buffer.from('[{"a":1},\n{"b":2}]')]);
    expect(await text(store(), KEY, { offset: 1, length: 7 })).toBe('{"a":1}');
    expect(await text(store(), KEY, { offset: 1, length: 0 })).toBe('');
  });

  it.each(['before-open', 'after-write', 'after-sync', 'before-rename'])(
    'leaves the file absent, and no scrap, when the disk fails %s',
    async (site) => {
      const failing = store(`error:landing.${site}:1:EIO`);
      await expect(failing.write(KEY, [Buffer.from('[]')])).rejects.toMatchObject({
        type: 'file_error',
        code: 'landing-file',
        facts: { errno: 'EIO' },
        retryable: true,
      });
      expect(readdirSync(dirname(join(root, KEY)))).toEqual([]);
      await failing.write(KEY, [Buffer.from('[1]')]);
      expect(await text(failing, KEY)).toBe('[1]');
    },
  );

  it('publishes nothing that reads back differently from what was written, and says what to look at', async () => {
    let flips = 1;
    const flipping = new FileStore(root, (site) => {
      if (site !== 'landing.after-sync' || flips-- === 0) return;
      const folder = dirname(join(root, KEY));
      for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '[2]');
    });
    await expect(flipping.write(KEY, [Buffer.from('[1]')])).rejects.toMatchObject({
      type: 'file_error',
      code: 'landing-checksum',
      remedy: expect.stringContaining('smartctl') as string,
      facts: { expected: expect.stringMatching(/^[0-9a-f]{64}$/) as string, found: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(readdirSync(dirname(join(root, KEY)))).toEqual([]);
    await flipping.write(KEY, [Buffer.from('[1]')]);
    expect(await text(flipping, KEY)).toBe('[1]');
  });

  it('keeps the old file whole when its replacement fails', async () => {
    await store().write(KEY, [Buffer.from('[1]')]);
    await expect(store('error:landing.after-sync:1:ENOSPC').write(KEY, [Buffer.from('[2]')])).rejects.toMatchObject({
      facts: { errno: 'ENOSPC' },
    });
    expect(await text(store(), KEY)).toBe('[1]');
  });

  it('removes the temp files of a writer that was killed', async () => {
    await store().write(KEY, [Buffer.from('[]')]);
    writeFileSync(`${join(root, KEY)}.123-4.tmp`, 'half');
    await store().write(KEY, [Buffer.from('[]')]);
    expect(readdirSync(dirname(join(root, KEY)))).toEqual(['invoices.json']);
  });

  it('says which file is missing, and what to do', async () => {
    await expect(text(store(), 'work/x/1-1.json')).rejects.toMatchObject({
      code: 'landing-file-missing',
      where: join(root, 'work/x/1-1.json'),
    });
  });

  it.each(['../outside.json', '/etc/outside.json', 'a/../../outside.json'])('never leaves its root for key %s', async (key) => {
    await expect(store().write(key, [Buffer.from('[]')])).rejects.toMatchObject({ code: 'landing-key-outside' });
    expect(existsSync(join(root, '..', 'outside.json'))).toBe(false);
  });

  it('lets one of many claim a folder', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, () => store().claim('sync_sessions/sync_session_1')));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('lists files below a prefix and takes removing what is not there for done', async () => {
    await store().write('work/b/2.json', [Buffer.from('[]')]);
    await store().write('work/a/1.json', [Buffer.from('[]')]);
    expect(await store().list('work')).toEqual(['work/a/1.json', 'work/b/2.json']);
    expect(await store().list('nowhere')).toEqual([]);
    await store().remove('work/a/1.json');
    await store().remove('work/a/1.json');
    expect(await store().list('work')).toEqual(['work/b/2.json']);
  });

  it('lists what is there also while other folders go', async () => {
    for (let round = 0; round < 20; round++) {
      const going = Array.from({ length: 60 }, (_, n) => `work/b${n}`);
      for (const folder of ['work/a', ...going]) mkdirSync(join(root, folder), { recursive: true });
      writeFileSync(join(root, 'work/a/1.json'), '[]');
      const listing = store().list('work');
      for (const folder of going) await store().remove(folder);
      expect(await listing).toEqual(['work/a/1.json']);
    }
  });

  it('names the folder and the free bytes when it may not write there', async () => {
    if (process.getuid?.() === 0) {
      await expect(store('error:landing.before-open:1:EACCES').write(KEY, [])).rejects.toMatchObject({
        facts: { errno: 'EACCES', freeBytes: expect.any(Number) as number },
        retryable: false,
      });
      return;
    }
    chmodSync(root, 0o500);
    await expect(store().write(KEY, [])).rejects.toMatchObject({ facts: { errno: 'EACCES' }, retryable: false });
    chmodSync(root, 0o700);
  });
});

describe('what the landing store asks of the disk', () => {
  let trace: FileTrace;
  const traced = async (options?: TraceOptions): Promise<string[]> => {
    trace = await traceFiles(options);
    await store().claim('ready');
    (trace.calls as string[]).length = 0;
    return trace.calls as string[];
  };
  /** Temp files are named by process and number: without them two traces are alike. */
  const plain = (calls: readonly string[]): string[] =>
    calls.map((call) => call.replace(`${root}/`, '').replace(/\.\d+-(\d+)\.tmp$/, '.tmp$1'));
  afterEach(() => trace.stop());

  it('is the file rule: all bytes, then sync, then the name, then the folder that holds the name', async () => {
    const calls = await traced();
    await store().write('ready/a.json', [Buffer.from('['), Buffer.from(']')]);
    expect(plain(calls)).toEqual([
      'open ready/a.json.tmp1',
      ...['write ready/a.json.tmp1', 'write ready/a.json.tmp1', 'sync ready/a.json.tmp1'],
      ...['rename ready/a.json', 'open ready', 'sync ready'],
    ]);
  });

  it('goes on after a short write until every byte is there', async () => {
    const calls = await traced({ takes: (bytes) => Math.min(bytes, 4) });
    await store().write('ready/a.json', [Buffer.from('[1,2,3,4]')]);
    expect(calls.filter((call) => call.startsWith('write'))).toHaveLength(3);
    expect(await text(store(), 'ready/a.json')).toBe('[1,2,3,4]');
  });

  it.each([
    ['takes less than it says', { keeps: 4 }],
    ['takes nothing and says so', { takes: () => 0 }],
  ])('publishes nothing when the disk %s, and names the file and the free bytes', async (_how, options) => {
    await traced(options);
    await expect(store().write('ready/a.json', [Buffer.from('[1,2,3,4]')])).rejects.toMatchObject({
      type: 'file_error',
      code: 'landing-short-write',
      where: expect.stringContaining('ready/a.json') as string,
      facts: { freeBytes: expect.any(Number) as number },
      retryable: true,
    });
    expect(readdirSync(join(root, 'ready'))).toEqual([]);
  });

  it('never syncs a descriptor again that failed: the file goes, and the next try has a new one', async () => {
    let failures = 1;
    const calls = await traced({ fails: (call) => (/^sync .*tmp$/.test(call) && failures-- > 0 ? 'EIO' : undefined) });
    const landing = store();
    await expect(landing.write('ready/a.json', [Buffer.from('[1]')])).rejects.toMatchObject({
      type: 'file_error',
      facts: { errno: 'EIO' },
    });
    expect(readdirSync(join(root, 'ready'))).toEqual([]);
    await landing.write('ready/a.json', [Buffer.from('[1]')]);
    expect(plain(calls).filter((call) => /^(open|sync).*tmp/.test(call))).toEqual([
      ...['open ready/a.json.tmp1', 'sync ready/a.json.tmp1'],
      ...['open ready/a.json.tmp2', 'sync ready/a.json.tmp2'],
    ]);
  });

  it('leaves the old file whole when the rename fails, and no scrap', async () => {
    await traced({ fails: (call) => (call.startsWith('rename') && call.endsWith('b.json') ? 'EIO' : undefined) });
    await store().write('ready/a.json', [Buffer.from('[1]')]);
    await expect(store().write('ready/b.json', [Buffer.from('[2]')])).rejects.toMatchObject({ facts: { errno: 'EIO' } });
    expect(readdirSync(join(root, 'ready'))).toEqual(['a.json']);
  });
});

test('a session is named by its time in UTC', () => {
  expect(sessionName('2025-07-12T10:30:15.999Z')).toBe('sync_session_2025-07-12_10-30-15');
});
